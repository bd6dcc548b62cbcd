# SPDX-License-Identifier: MIT
"""The peer of bench_train.c: the same models in PyTorch, trained on the same pairs in batches of the same kind.

    python3 bench_train.py PAIRS.tsv SECONDS THREADS [CASE]      prints sentences per second, then the peak memory in MB

g2p           bidirectional LSTM encoder (256 a direction), LSTM decoder (512), general attention, embeddings of 128, dropout
              0.3, batches of 128 pairs of similar length
g2p-feeding   the same with input feeding
translation   the first with embeddings of 256 over one vocabulary of words, batches of 64
transformer   3 + 3 layers that normalise after, 256, four heads, feed-forward 1024, dropout 0.1, the same vocabulary and batches

Label smoothing 0.1, Adam, gradient norm clipped at 5.
"""
import math
import random
import resource
import sys
import time

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

PAD, BOS, EOS = 0, 1, 2


class Recurrent(nn.Module):
    def __init__(self, sources, targets, embedding=128, hidden=256, dropout=0.3, feeding=False):
        super().__init__()
        self.source = nn.Embedding(sources, embedding, padding_idx=PAD)
        self.target = nn.Embedding(targets, embedding, padding_idx=PAD)
        self.encoder = nn.LSTM(embedding, hidden, bidirectional=True, batch_first=True)
        if feeding:
            self.cell = nn.LSTMCell(embedding + 2 * hidden, 2 * hidden)
        else:
            self.decoder = nn.LSTM(embedding, 2 * hidden, batch_first=True)
        self.feeding = feeding
        self.keys = nn.Linear(2 * hidden, 2 * hidden, bias=False)
        self.join = nn.Linear(4 * hidden, 2 * hidden, bias=False)
        self.output = nn.Linear(2 * hidden, targets)
        self.dropout = nn.Dropout(dropout)

    def attend(self, query, keys, memory, hidden):
        scores = query @ keys.transpose(1, 2)
        weights = scores.masked_fill(hidden, -1e9).softmax(2)
        return torch.tanh(self.join(torch.cat([weights @ memory, query], 2)))

    def feed(self, words, first, keys, memory, hidden):
        state, attended, rows = first, torch.zeros_like(first[0]), []
        for word in words.unbind(1):
            state = self.cell(torch.cat([word, attended], 1), state)
            attended = self.attend(state[0][:, None], keys, memory, hidden)[:, 0]
            rows.append(attended)
        return torch.stack(rows, 1)

    def forward(self, source, lengths, target):
        packed = pack_padded_sequence(self.dropout(self.source(source)), lengths, batch_first=True)
        states, (h, c) = self.encoder(packed)
        memory, _ = pad_packed_sequence(states, batch_first=True)
        keys, hidden = self.keys(memory), (source == PAD)[:, None]
        first = tuple(torch.cat([x[0], x[1]], 1) for x in (h, c))
        words = self.dropout(self.target(target))
        if self.feeding:
            state = self.feed(words, first, keys, memory, hidden)
        else:
            query, _ = self.decoder(words, tuple(x[None].contiguous() for x in first))
            state = self.attend(query, keys, memory, hidden)
        return self.output(self.dropout(state))


class Transformer(nn.Module):
    def __init__(self, sources, targets, dim=256, heads=4, ffn=1024, layers=3, dropout=0.1, longest=512):
        super().__init__()
        self.source = nn.Embedding(sources, dim, padding_idx=PAD)
        self.target = nn.Embedding(targets, dim, padding_idx=PAD)
        self.layers = nn.Transformer(dim, heads, layers, layers, ffn, dropout, batch_first=True)
        self.output = nn.Linear(dim, targets)
        self.dropout = nn.Dropout(dropout)
        angles = torch.arange(longest)[:, None] * torch.exp(torch.arange(0, dim, 2) * (-math.log(10000.0) / dim))
        self.register_buffer("positions", torch.cat([angles.sin(), angles.cos()], 1))

    def embed(self, table, words):
        scale = math.sqrt(table.embedding_dim)
        return self.dropout(table(words) * scale + self.positions[:words.size(1)])

    def forward(self, source, lengths, target):
        steps = target.size(1)
        ahead = torch.ones(steps, steps, dtype=torch.bool).triu(1)
        padding = source == PAD
        state = self.layers(self.embed(self.source, source), self.embed(self.target, target), tgt_mask=ahead,
                            src_key_padding_mask=padding, memory_key_padding_mask=padding)
        return self.output(state)


CASES = {
    "g2p": (128, Recurrent),
    "g2p-feeding": (128, lambda sources, targets: Recurrent(sources, targets, feeding=True)),
    "translation": (64, lambda sources, targets: Recurrent(sources, targets, embedding=256)),
    "transformer": (64, Transformer),
}


def ids(lines, vocabulary):
    return [[vocabulary.setdefault(token, len(vocabulary) + 3) for token in line] for line in lines]


def pad(sequences):
    longest = max(map(len, sequences))
    return torch.tensor([s + [PAD] * (longest - len(s)) for s in sequences])


def batches(source, target, size):
    order = list(range(len(source)))
    random.shuffle(order)
    cut = []
    for start in range(0, len(order), 100 * size):
        pool = sorted(order[start:start + 100 * size], key=lambda i: (len(source[i]), len(target[i])))
        cut += [pool[i:i + size] for i in range(0, len(pool), size)]
    random.shuffle(cut)
    return cut


def update(model, optimizer, source, target, batch):
    batch = sorted(batch, key=lambda i: -len(source[i]))
    expected = pad([target[i] + [EOS] for i in batch])
    logits = model(pad([source[i] for i in batch]), torch.tensor([len(source[i]) for i in batch]),
                   pad([[BOS] + target[i] for i in batch]))
    loss = functional.cross_entropy(logits.flatten(0, 1), expected.flatten(), ignore_index=PAD, label_smoothing=0.1)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    optimizer.step()
    return len(batch)


def main(path, seconds, threads, case="g2p"):
    torch.set_num_threads(int(threads))
    torch.set_flush_denormal(True)
    random.seed(1)
    pairs = [line.rstrip("\n").split("\t") for line in open(path, encoding="utf-8")]
    words = not case.startswith("g2p")
    letters = {}
    phones = letters if words else {}
    source = ids([s.split() if words else s for s, _ in pairs], letters)
    target = ids([t.split() for _, t in pairs], phones)
    size, build = CASES[case]
    model = build(len(letters) + 3, len(phones) + 3)
    optimizer = torch.optim.Adam(model.parameters())
    todo, done, start = [], 0, None
    for number in range(1 << 30):
        todo = todo or batches(source, target, size)
        count = update(model, optimizer, source, target, todo.pop())
        if number == 9:
            start = time.perf_counter()
        elif number > 9:
            done += count
            if time.perf_counter() - start > float(seconds):
                break
    print(done / (time.perf_counter() - start))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


main(*sys.argv[1:])
