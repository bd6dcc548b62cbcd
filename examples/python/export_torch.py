#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""From PyTorch to libseq2seq: a model under the library's names, its state_dict as safetensors, and a whole model file.

    python3 export_torch.py FOLDER

writes into FOLDER, from a small attention model with random parameters,

    state.safetensors    the state_dict alone: for s2s_model_load_parameters(), into a model of the same options
    model.safetensors    the same with options and vocabularies: a complete model, for s2s_model_load()
    expected.tsv         source, target, and PyTorch's log-probability of the target (its end mark included)

Copy save_safetensors() and save_model() for models of your own; the names of all parameters are in docs/format.md.
"""
import json
import struct
import sys

import torch
from torch import nn


def save_safetensors(path, tensors, metadata):
    """tensors: name -> torch.Tensor (f32) or bytes (u8). See docs/format.md."""
    header, blobs, at = {"__metadata__": metadata} if metadata else {}, [], 0
    for name, tensor in tensors.items():
        if isinstance(tensor, bytes):
            dtype, shape, blob = "U8", [len(tensor)], tensor
        else:
            flat = tensor.detach().to(torch.float32).contiguous().reshape(-1).tolist()
            dtype, shape, blob = "F32", list(tensor.shape), struct.pack("<%df" % len(flat), *flat)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def save_model(path, state, options, source_tokens, target_tokens):
    """A complete model. The tokens are those after the three special ones, in the order of their ids."""
    def vocabulary(tokens):
        return "".join(token + "\n" for token in ["<unk>", "<s>", "</s>"] + tokens).encode()

    tensors = dict(state)
    tensors["text.source.vocabulary"] = vocabulary(source_tokens)
    tensors["text.target.vocabulary"] = vocabulary(target_tokens)
    save_safetensors(path, tensors, dict(options, format="1"))


class Attention(nn.Module):
    """Luong's general attention and the attentional state: attention.type general, decoder.order luong."""

    def __init__(self, hidden):
        super().__init__()
        self.linear_in = nn.Linear(hidden, hidden, bias=False)
        self.linear_out = nn.Linear(2 * hidden, hidden, bias=False)

    def forward(self, state, memory):
        weights = torch.softmax(state @ self.linear_in(memory).transpose(1, 2), dim=-1)
        return torch.tanh(self.linear_out(torch.cat([weights @ memory, state], dim=-1)))


class Embedded(nn.Module):
    """An embedding and a recurrent network, under the names encoder.embedding, encoder.rnn and so on."""

    def __init__(self, tokens, dim, hidden, bidirectional):
        super().__init__()
        self.embedding = nn.Embedding(tokens, dim)
        self.rnn = nn.LSTM(dim, hidden, batch_first=True, bidirectional=bidirectional)

    def forward(self, ids, state=None):
        return self.rnn(self.embedding(ids), state)


class Seq2Seq(nn.Module):
    def __init__(self, sources, targets, dim, hidden):
        super().__init__()
        self.encoder = Embedded(sources, dim, hidden, True)
        self.decoder = Embedded(targets, dim, 2 * hidden, False)
        self.attention = Attention(2 * hidden)
        self.generator = nn.Linear(2 * hidden, targets)

    def forward(self, source, target):
        """Logits [1, T, targets] for one source [1, S] and the target tokens before each [1, T]."""
        memory, (h, c) = self.encoder(source)
        sides = lambda x: torch.cat([x[0], x[1]], dim=-1).unsqueeze(0)
        states, _ = self.decoder(target, (sides(h), sides(c)))
        return self.generator(self.attention(states, memory))


def log_probability(model, source, target):
    logits = model(torch.tensor([source]), torch.tensor([[1] + target]))
    scores = torch.log_softmax(logits[0], dim=-1)
    return sum(scores[t, token].item() for t, token in enumerate(target + [2]))


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else "."
    letters, sounds, dim, hidden = list("abcde"), ["A", "B", "CH", "D"], 5, 4
    torch.manual_seed(1)
    model = Seq2Seq(3 + len(letters), 3 + len(sounds), dim, hidden).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():  # numbers that a float holds exactly, large enough to matter
            parameter.copy_((parameter.float() * 2.5).double())
    options = {"source.tokens": "chars", "target.tokens": "words", "embedding.dim": str(dim), "encoder.cell": "lstm",
               "encoder.layers": "1", "encoder.hidden": str(hidden), "encoder.bidirectional": "yes",
               "decoder.cell": "lstm", "decoder.layers": "1", "decoder.hidden": str(2 * hidden),
               "attention.type": "general"}
    save_safetensors(folder + "/state.safetensors", model.state_dict(), None)
    save_model(folder + "/model.safetensors", model.state_dict(), options, letters, sounds)
    with open(folder + "/expected.tsv", "w") as file:
        for source, target in [("abc", "A B CH"), ("edcba", "D CH B A"), ("a", "A"), ("dd", "B B B B B")]:
            ids = [3 + letters.index(x) for x in source], [3 + sounds.index(x) for x in target.split()]
            file.write("%s\t%s\t%.9f\n" % (source, target, log_probability(model, *ids)))


if __name__ == "__main__":
    main()
