#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The translation models of tatoeba.sh trained in PyTorch, to see whether both libraries learn as well.

    python3 tatoeba_torch.py FOLDER DIRECTION UPDATES [SEED]        FOLDER: what tatoeba.sh made; DIRECTION: en-zh or zh-en

Shape, vocabularies and pieces are those of FOLDER/DIRECTION.safetensors, of whose numbers none is used: parameters are drawn
anew, as torch.nn.Transformer draws them. The training is that of the preset transformer-base: Adam (beta2 0.98), a rate of
0.004 that falls with the square root after 1,500 updates, batches of 6,000 tokens, dropout 0.3 (not on attention weights),
label smoothing 0.1, the gradient's norm clipped at 1, a moving average of 0.999. Every 500 updates the average is written as
a model of ours and judged by `seq2seq eval` on dev, greedily; the best is kept as FOLDER/DIRECTION.torch.safetensors, and
judged on test as tatoeba.sh does it. Needs torch; one thread unless THREADS says more.
"""
import json
import math
import os
import random
import shutil
import struct
import subprocess
import sys
import time

import torch
from torch import nn
from torch.nn import functional

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "python"))
from export_torch import save_safetensors  # noqa: E402

COMMAND = os.environ.get("SEQ2SEQ", "build/seq2seq")
BOS, EOS = 1, 2
RATE, WARMUP, TOKENS, POOL, DECAY = 0.004, 1500, 6000, 200000, 0.999
DROPOUT, SMOOTHING, EVERY = 0.3, 0.1, 500


def run(*arguments):
    return subprocess.run([COMMAND, *arguments], check=True, capture_output=True, text=True).stdout


class ModelFile:
    """A safetensors file whose parameters are replaced, and all else kept."""

    def __init__(self, path):
        with open(path, "rb") as file:
            size, = struct.unpack("<Q", file.read(8))
            self.header = json.loads(file.read(size))
            self.data = file.read()
        self.options = self.header.pop("__metadata__")

    def text(self, name):
        begin, end = self.header[name]["data_offsets"]
        return self.data[begin:end].decode().split("\n")[:-1]

    def save(self, path, state):
        parameters = {name: entry["shape"] for name, entry in self.header.items() if not name.startswith("text.")}
        for name, shape in parameters.items():
            if list(state[name].shape) != shape:
                raise ValueError("%s has another shape" % name)
        tensors = {name: state[name] for name in parameters}
        for name in [name for name in self.header if name not in parameters]:
            begin, end = self.header[name]["data_offsets"]
            tensors[name] = self.data[begin:end]
        save_safetensors(path, tensors, {key: value for key, value in self.options.items() if key != "crc32"})


class Translator(nn.Module):
    """Parameters have the names of docs/format.md; target embedding and output share one matrix."""

    def __init__(self, sources, targets, options, longest=512):
        super().__init__()
        dim, heads, ffn = (int(options["transformer." + key]) for key in ("dim", "heads", "ffn"))
        layers = int(options["encoder.layers"]), int(options["decoder.layers"])
        self.src_embedding, self.tgt_embedding = nn.Embedding(sources, dim), nn.Embedding(targets, dim)
        self.transformer = nn.Transformer(dim, heads, *layers, ffn, DROPOUT, batch_first=True,
                                          norm_first=options["transformer.norm"] == "pre")
        self.generator = nn.Linear(dim, targets)
        self.generator.weight = self.tgt_embedding.weight
        for embedding in self.src_embedding, self.tgt_embedding:
            nn.init.normal_(embedding.weight, std=dim ** -0.5)
        nn.init.zeros_(self.generator.bias)
        for part in self.modules():
            if isinstance(part, nn.MultiheadAttention):
                part.dropout = 0.0
        angles = torch.arange(longest)[:, None] * torch.exp(torch.arange(0, dim, 2) * (-math.log(10000.0) / dim))
        self.register_buffer("positions", torch.stack([angles.sin(), angles.cos()], 2).flatten(1), persistent=False)
        self.dropout = nn.Dropout(DROPOUT)

    def embed(self, table, words):
        return self.dropout(table(words) * math.sqrt(table.embedding_dim) + self.positions[:words.size(1)])

    def forward(self, source, target):
        """source and target: lists of ids; logits of every target token and the end mark, [tokens, targets]."""
        lengths = torch.tensor([len(ids) for ids in source])
        source, before = pad(source), pad([[BOS] + ids for ids in target])
        hidden = torch.arange(source.size(1)) >= lengths[:, None]
        ahead = torch.ones(before.size(1), before.size(1), dtype=torch.bool).triu(1)
        states = self.transformer(self.embed(self.src_embedding, source), self.embed(self.tgt_embedding, before),
                                  tgt_mask=ahead, src_key_padding_mask=hidden, memory_key_padding_mask=hidden)
        real = torch.arange(before.size(1)) <= torch.tensor([len(ids) for ids in target])[:, None]
        return self.generator(states[real])


def pad(sequences):
    longest = max(map(len, sequences))
    return torch.tensor([ids + [0] * (longest - len(ids)) for ids in sequences])


def numbers(model, pairs, side):
    """The ids of one side's texts, cut by the model's own pieces."""
    vocabulary = {token: i for i, token in enumerate(ModelFile(model).text("text.%s.vocabulary" % side))}
    texts = "".join(pair[side == "target"] + "\n" for pair in pairs)
    options = ["segment", "-m", model] + (["--target"] if side == "target" else [])
    lines = subprocess.run([COMMAND, *options], input=texts, check=True, capture_output=True, text=True).stdout
    return [[vocabulary.get(token, 0) for token in line.split()] for line in lines.split("\n")[:len(pairs)]]


def descend(model, optimizer, loss, clip_norm):
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
    optimizer.step()


def batches(source, target):
    order = list(range(len(source)))
    random.shuffle(order)
    cut = []
    for start in range(0, len(order), POOL):
        batch, tokens = [], 0
        for i in sorted(order[start:start + POOL], key=lambda i: (len(target[i]), len(source[i]))):
            more = len(source[i]) + len(target[i]) + 1
            if batch and tokens + more > TOKENS:
                cut.append(batch)
                batch, tokens = [], 0
            batch.append(i)
            tokens += more
        cut.append(batch)
    random.shuffle(cut)
    return cut


def main(folder, direction, updates, seed="1"):
    torch.set_num_threads(int(os.environ.get("THREADS", "1")))
    torch.set_flush_denormal(True)
    torch.manual_seed(int(seed))
    random.seed(int(seed))
    start = os.path.join(folder, direction)
    ours, now, best = start + ".safetensors", start + ".torch.now.safetensors", start + ".torch.safetensors"
    tokenize = "zh" if direction == "en-zh" else "13a"
    with open(start + ".train.tsv", encoding="utf-8") as file:
        pairs = [line.rstrip("\n").split("\t") for line in file]
    source, target = (numbers(ours, pairs, side) for side in ("source", "target"))
    file = ModelFile(ours)
    model = Translator(*(len(file.text("text.%s.vocabulary" % side)) for side in ("source", "target")), file.options)
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98), eps=1e-8)
    average = {name: value.detach().clone() for name, value in model.state_dict().items()}
    todo, highest, began = [], -1.0, time.time()
    for number in range(1, int(updates) + 1):
        todo = todo or batches(source, target)
        batch = todo.pop()
        for group in optimizer.param_groups:
            group["lr"] = RATE * (number / WARMUP if number < WARMUP else math.sqrt(WARMUP / number))
        expected = torch.tensor([token for i in batch for token in target[i] + [EOS]])
        logits = model([source[i] for i in batch], [target[i] for i in batch])
        loss = functional.cross_entropy(logits, expected, label_smoothing=SMOOTHING)
        descend(model, optimizer, loss, 1.0)
        decay = min(DECAY, (1 + number) / (10 + number))
        for name, value in model.state_dict().items():
            average[name].lerp_(value, 1 - decay)
        if number % EVERY == 0 or number == int(updates):
            file.save(now, average)
            figures = run("eval", "-m", now, "--data", start + ".dev.tsv", "--beam", "1", "--bleu-tokenize", tokenize)
            bleu = float(dict(line.split()[:2] for line in figures.splitlines())["bleu"])
            print("update %d, loss %.3f, dev BLEU %.2f, %.0f s" % (number, loss, bleu, time.time() - began), flush=True)
            if bleu > highest:
                highest = bleu
                shutil.copy(now, best)
    for beam in "1", "5":
        print("test, beam " + beam)
        print(run("eval", "-m", best, "--data", start + ".test.tsv", "--beam", beam, "--bleu-tokenize", tokenize))


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    main(*sys.argv[1:])
