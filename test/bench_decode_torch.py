# SPDX-License-Identifier: MIT
"""The peer of bench_decode.c in PyTorch: a model of ours, answering batches on one thread.

    python3 bench_decode_torch.py MODEL      reads MODEL.safetensors; questions on standard input, answers on standard output

A question is batch, source, target, beam, vocabulary, 0 as 32-bit numbers and the seconds to spend; an answer the seconds of one
batch and the first text's first 64 tokens. The first answer, without a question, says that the model is loaded. Keys and
values are kept from step to step, those of the memory are made once, and a beam of k makes k rows of each text.
"""
import json
import math
import struct
import sys
import time

import torch
from torch import nn
from torch.nn import functional

BOS, FIRST_WORD = 1, 3


def read(path):
    with open(path, "rb") as f:
        size = struct.unpack("<Q", f.read(8))[0]
        header = json.loads(f.read(size))
        body = bytearray(f.read())
    model = {}
    for name, entry in header.items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            begin, end = entry["data_offsets"]
            model[name] = torch.frombuffer(body[begin:end], dtype=torch.float32).reshape(entry["shape"])
    return model, header["__metadata__"]


class Recurrent:
    def __init__(self, w, options):
        self.w = w
        hidden = int(options["encoder.hidden"])
        self.wide = 2 * hidden
        self.encoder = self.lstm("encoder.rnn.", hidden, True)
        self.decoder = self.lstm("decoder.rnn.", self.wide, False)

    def lstm(self, prefix, hidden, both):
        inputs = self.w[prefix + "weight_ih_l0"].shape[1]
        layer = nn.LSTM(inputs, hidden, bidirectional=both, batch_first=True)
        layer.load_state_dict({n: self.w[prefix + n] for n in layer.state_dict()})
        return layer

    def start(self, ids):
        memory, (h, c) = self.encoder(self.w["encoder.embedding.weight"][ids])
        self.memory = memory
        self.keys = functional.linear(memory, self.w["attention.linear_in.weight"]).transpose(1, 2)
        return [x.transpose(0, 1).reshape(1, -1, self.wide) for x in (h, c)]

    def repeat(self, k):
        self.memory, self.keys = (x.repeat_interleave(k, 0) for x in (self.memory, self.keys))

    def step(self, token, state, place):
        out, (h, c) = self.decoder(self.w["decoder.embedding.weight"][token][:, None], tuple(state))
        weights = torch.softmax(out @ self.keys, -1)
        both = torch.cat([weights @ self.memory, out], -1)[:, 0]
        x = torch.tanh(functional.linear(both, self.w["attention.linear_out.weight"]))
        return functional.linear(x, self.w["generator.weight"], self.w["generator.bias"]), [h, c]

    def select(self, state, rows):
        return [x.index_select(1, rows) for x in state]


class Transformer:
    def __init__(self, w, options):
        self.w, self.dim, self.heads = w, int(options["transformer.dim"]), int(options["transformer.heads"])
        self.layers = [int(options["encoder.layers"]), int(options["decoder.layers"])]
        place = torch.arange(512, dtype=torch.float64)[:, None]
        angle = place * 10000.0 ** (-torch.arange(0, self.dim, 2, dtype=torch.float64) / self.dim)
        self.table = torch.stack([angle.sin(), angle.cos()], 2).reshape(512, self.dim).float()

    def linear(self, x, name):
        return functional.linear(x, self.w[name + ".weight"], self.w[name + ".bias"])

    def norm(self, x, name):
        return functional.layer_norm(x, [self.dim], self.w[name + ".weight"], self.w[name + ".bias"])

    def project(self, x, name, first, parts):
        rows = slice(first * self.dim, (first + parts) * self.dim)
        x = functional.linear(x, self.w[name + ".in_proj_weight"][rows], self.w[name + ".in_proj_bias"][rows])
        x = x.view(x.shape[0], x.shape[1], parts, self.heads, -1)
        return [part.transpose(1, 2) for part in x.unbind(2)]

    def see(self, query, keys, values, name):
        weights = torch.softmax(query @ keys.transpose(2, 3) / math.sqrt(self.dim // self.heads), -1)
        context = (weights @ values).transpose(1, 2)
        return self.linear(context.reshape(context.shape[0], -1, self.dim), name + ".out_proj")

    def feed(self, x, name, norm):
        x = functional.relu(self.linear(self.norm(x, name + norm), name + "linear1"))
        return self.linear(x, name + "linear2")

    def start(self, ids):
        x = self.w["src_embedding.weight"][ids] * math.sqrt(self.dim) + self.table[: ids.shape[1]]
        for layer in range(self.layers[0]):
            name = "transformer.encoder.layers.%d." % layer
            parts = self.project(self.norm(x, name + "norm1"), name + "self_attn", 0, 3)
            x = x + self.see(*parts, name + "self_attn")
            x = x + self.feed(x, name, "norm2")
        x = self.norm(x, "transformer.encoder.norm")
        names = ["transformer.decoder.layers.%d.multihead_attn" % n for n in range(self.layers[1])]
        self.cross = [self.project(x, name, 1, 2) for name in names]
        empty = x.new_zeros(x.shape[0], self.heads, 0, self.dim // self.heads)
        return [(empty, empty)] * self.layers[1]

    def repeat(self, k):
        self.cross = [[x.repeat_interleave(k, 0) for x in pair] for pair in self.cross]

    def step(self, token, state, place):
        x = (self.w["tgt_embedding.weight"][token] * math.sqrt(self.dim) + self.table[place])[:, None]
        after = []
        for layer, (keys, values) in enumerate(state):
            name = "transformer.decoder.layers.%d." % layer
            query, key, value = self.project(self.norm(x, name + "norm1"), name + "self_attn", 0, 3)
            keys, values = torch.cat([keys, key], 2), torch.cat([values, value], 2)
            after.append((keys, values))
            x = x + self.see(query, keys, values, name + "self_attn")
            (query,) = self.project(self.norm(x, name + "norm2"), name + "multihead_attn", 0, 1)
            x = x + self.see(query, *self.cross[layer], name + "multihead_attn")
            x = x + self.feed(x, name, "norm3")
        return self.linear(self.norm(x[:, 0], "transformer.decoder.norm"), "generator"), after

    def select(self, state, rows):
        return [tuple(x.index_select(0, rows) for x in pair) for pair in state]


def greedy(model, ids, target):
    state, token, out = model.start(ids), torch.full((ids.shape[0],), BOS), []
    for place in range(target):
        logits, state = model.step(token, state, place)
        token = logits.argmax(-1)
        out.append(token[0])
    return [int(t) for t in out]


def beam(model, ids, target, k):
    n = ids.shape[0]
    state, token, score = model.start(ids), torch.full((n,), BOS), torch.zeros(n, 1)
    words = torch.zeros(n, 1, 0, dtype=torch.int64)
    for place in range(target):
        logits, state = model.step(token, state, place)
        total = (score.reshape(-1, 1) + torch.log_softmax(logits, -1)).view(n, -1)
        score, best = total.topk(k, -1)
        row, token = best // logits.shape[1], best % logits.shape[1]
        words = torch.cat([words.gather(1, row[:, :, None].expand(-1, -1, place)), token[:, :, None]], 2)
        rows = (row + torch.arange(n)[:, None] * (1 if place == 0 else k)).view(-1)
        if place == 0:
            model.repeat(k)
        state, token = model.select(state, rows), token.view(-1)
    return words[0, 0].tolist()


def sources(batch, length, vocabulary):
    state, ids = 1, []
    for _ in range(batch * length):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        ids.append(FIRST_WORD + (state >> 8) % (vocabulary - FIRST_WORD))
    return torch.tensor(ids).view(batch, length)


def answer(seconds, tokens=()):
    tokens = (list(tokens) + [0] * 64)[:64]
    sys.stdout.buffer.write(struct.pack("<d64i", seconds, *tokens))
    sys.stdout.buffer.flush()


def main():
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    w, options = read(sys.argv[1] + ".safetensors")
    model = (Recurrent if options["decoder.type"] == "rnn" else Transformer)(w, options)
    answer(1.0)
    while True:
        question = sys.stdin.buffer.read(32)
        if len(question) < 32:
            return
        batch, length, target, width, vocabulary, _, slice_ = struct.unpack("<6id", question)
        ids = sources(batch, length, vocabulary)
        run = (lambda: greedy(model, ids, target)) if width == 1 else (lambda: beam(model, ids, target, width))
        start, done = time.monotonic(), 0
        tokens = run()
        if time.monotonic() - start < slice_:
            start = time.monotonic()
        else:
            done = 1
        while done == 0 or time.monotonic() - start < slice_:
            run()
            done += 1
        answer((time.monotonic() - start) / done, tokens)


main()
