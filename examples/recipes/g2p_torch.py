#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The shipped pronunciation model trained in both libraries, to see whether they learn as well.

    python3 g2p_torch.py FOLDER EPOCHS [SEED]        FOLDER: build/cmudict/nostress, made by examples/models/prepare_g2p.sh

Both train the model of examples/models/README.md: a bidirectional LSTM encoder, an LSTM decoder with general attention,
dropout 0.2, Adam, batches of 128 words of similar length, label smoothing 0.1, the gradient's norm clipped at 5, a rate of
0.001 after 200 updates that falls to zero at the end of EPOCHS like a cosine. Ours is FOLDER/ours.EPOCHS.SEED.safetensors and
is trained first, unless it is there. Of PyTorch's, FOLDER/torch.EPOCHS.SEED.safetensors, parameters are drawn as its layers
draw them. Ours sorts 100 batches at a time by length, PyTorch's are sorted all together; seconds of ours are of the whole
command with its judging, PyTorch's of training alone.
Dev words are judged by `seq2seq eval` after each epoch, greedily; the best of each library is judged on the test words.
Needs torch; one thread unless THREADS says more.
"""
import math
import os
import random
import shutil
import sys
import time

import torch
from torch import nn
from torch.nn import functional

from tatoeba_torch import BOS, EOS, ModelFile, descend, numbers, pad, run

THREADS = os.environ.get("THREADS", "1")
BATCH, RATE, WARMUP, DROPOUT, SMOOTHING = 128, 0.001, 200, 0.2, 0.1
SIZES = {"embedding-dim": 96, "encoder-hidden": 176, "decoder-hidden": 352}


def train_ours(folder, epochs, seed, path):
    options = {"train": folder + "/train.tsv", "dev": folder + "/dev.tsv", "source-tokens": "chars",
               "source-casefold": "yes", "target-tokens": "words", "dropout": DROPOUT, "max-epochs": epochs, "patience": 0,
               "schedule": "cosine", "learning-rate": RATE, "warmup": WARMUP, "batch-sentences": BATCH,
               "label-smoothing": SMOOTHING, "clip-norm": 5, "seed": seed, "threads": THREADS, **SIZES}
    began = time.time()
    run("train", "-q", "-o", path, *(str(word) for name, value in options.items() for word in ("--" + name, value)))
    print("ours: %.0f s" % (time.time() - began), flush=True)


class Attention(nn.Module):
    """Luong's general attention, which does not look at what fills up a batch, and the attentional state."""

    def __init__(self, hidden):
        super().__init__()
        self.linear_in = nn.Linear(hidden, hidden, bias=False)
        self.linear_out = nn.Linear(2 * hidden, hidden, bias=False)

    def forward(self, states, memory, real):
        scores = states @ self.linear_in(memory).transpose(1, 2)
        weights = scores.masked_fill(~real[:, None], -math.inf).softmax(-1)
        return torch.tanh(self.linear_out(torch.cat([weights @ memory, states], -1)))


class Side(nn.Module):
    def __init__(self, tokens, dim, hidden, bidirectional):
        super().__init__()
        self.embedding = nn.Embedding(tokens, dim)
        self.rnn = nn.LSTM(dim, hidden, batch_first=True, bidirectional=bidirectional)


class Pronouncer(nn.Module):
    """Parameters have the names of docs/format.md."""

    def __init__(self, sources, targets):
        super().__init__()
        self.encoder = Side(sources, SIZES["embedding-dim"], SIZES["encoder-hidden"], True)
        self.decoder = Side(targets, SIZES["embedding-dim"], SIZES["decoder-hidden"], False)
        self.attention = Attention(SIZES["decoder-hidden"])
        self.generator = nn.Linear(SIZES["decoder-hidden"], targets)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, source, target):
        """source and target: lists of ids; logits of every target token and the end mark, [tokens, targets]."""
        lengths = torch.tensor([len(ids) for ids in source])
        embedded = self.dropout(self.encoder.embedding(pad(source)))
        packed = nn.utils.rnn.pack_padded_sequence(embedded, lengths, batch_first=True, enforce_sorted=False)
        memory, last = self.encoder.rnn(packed)
        memory, _ = nn.utils.rnn.pad_packed_sequence(memory, batch_first=True)
        first = tuple(torch.cat([state[0], state[1]], -1).unsqueeze(0) for state in last)
        before = self.dropout(self.decoder.embedding(pad([[BOS] + ids for ids in target])))
        states, _ = self.decoder.rnn(before, first)
        output = self.dropout(self.attention(states, memory, torch.arange(memory.size(1)) < lengths[:, None]))
        return self.generator(output[torch.arange(before.size(1)) <= torch.tensor([len(ids) for ids in target])[:, None]])


def batches(source, target):
    order = list(range(len(source)))
    random.shuffle(order)
    order.sort(key=lambda i: (len(target[i]), len(source[i])))
    cut = [order[at:at + BATCH] for at in range(0, len(order), BATCH)]
    random.shuffle(cut)
    return cut


def figures(path, data, beam):
    """Word and phoneme errors in percent."""
    table = dict(line.split()[:2] for line in run("eval", "-m", path, "--data", data, "--beam", beam).splitlines())
    return float(table["sequence_error_rate"]), float(table["token_error_rate"])


def train_torch(folder, epochs, file, data, now, best):
    source, target = data
    model = Pronouncer(*(len(file.text("text.%s.vocabulary" % side)) for side in ("source", "target")))
    optimizer = torch.optim.Adam(model.parameters())
    number, lowest, updates = 0, math.inf, epochs * math.ceil(len(source) / BATCH)
    for epoch in range(1, epochs + 1):
        began = time.time()
        for batch in batches(source, target):
            number += 1
            progress = max(0.0, (number - WARMUP) / (updates - WARMUP))
            for group in optimizer.param_groups:
                group["lr"] = RATE * min(1.0, number / WARMUP) * 0.5 * (1 + math.cos(math.pi * progress))
            expected = torch.tensor([token for i in batch for token in target[i] + [EOS]])
            logits = model([source[i] for i in batch], [target[i] for i in batch])
            loss = functional.cross_entropy(logits, expected, label_smoothing=SMOOTHING)
            descend(model, optimizer, loss, 5.0)
        seconds = time.time() - began
        file.save(now, model.state_dict())
        words, phonemes = figures(now, folder + "/dev.tsv", "1")
        print("PyTorch, epoch %d: dev word errors %.2f, phoneme errors %.2f, %.0f s" % (epoch, words, phonemes, seconds),
              flush=True)
        if words < lowest:
            lowest = words
            shutil.copy(now, best)


def main(folder, epochs, seed="1"):
    torch.set_num_threads(int(THREADS))
    torch.set_flush_denormal(True)
    torch.manual_seed(int(seed))
    random.seed(int(seed))
    ours, best = ("%s/%s.%s.%s.safetensors" % (folder, who, epochs, seed) for who in ("ours", "torch"))
    if not os.path.exists(ours):
        train_ours(folder, epochs, seed, ours)
    with open(folder + "/train.tsv", encoding="utf-8") as lines:
        pairs = [line.rstrip("\n").split("\t") for line in lines]
    data = tuple(numbers(ours, pairs, side) for side in ("source", "target"))
    train_torch(folder, int(epochs), ModelFile(ours), data, best + ".now", best)
    for who, path in ("ours", ours), ("PyTorch", best):
        for beam in "1", "5":
            print("%s, test words, beam %s: word errors %.2f, phoneme errors %.2f" %
                  (who, beam, *figures(path, folder + "/test.tsv", beam)))


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    main(*sys.argv[1:])
