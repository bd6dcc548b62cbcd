# SPDX-License-Identifier: MIT
"""The peer of bench_train.c: the same model in PyTorch, trained on the same pairs in batches of the same kind.

    python3 bench_train.py PAIRS.tsv SECONDS THREADS      prints sentences per second

Bidirectional LSTM encoder (256 a direction), LSTM decoder (512), general attention, no input feeding, embeddings of 128,
dropout 0.3, label smoothing 0.1, Adam, gradient norm clipped at 5, batches of 128 pairs of similar length.
"""
import random
import sys
import time

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

PAD, BOS, EOS = 0, 1, 2


class Model(nn.Module):
    def __init__(self, sources, targets, embedding=128, hidden=256, dropout=0.3):
        super().__init__()
        self.source = nn.Embedding(sources, embedding, padding_idx=PAD)
        self.target = nn.Embedding(targets, embedding, padding_idx=PAD)
        self.encoder = nn.LSTM(embedding, hidden, bidirectional=True, batch_first=True)
        self.decoder = nn.LSTM(embedding, 2 * hidden, batch_first=True)
        self.keys = nn.Linear(2 * hidden, 2 * hidden, bias=False)
        self.join = nn.Linear(4 * hidden, 2 * hidden, bias=False)
        self.output = nn.Linear(2 * hidden, targets)
        self.dropout = nn.Dropout(dropout)

    def forward(self, source, lengths, target):
        packed = pack_padded_sequence(self.dropout(self.source(source)), lengths, batch_first=True)
        states, (h, c) = self.encoder(packed)
        memory, _ = pad_packed_sequence(states, batch_first=True)
        first = tuple(torch.cat([x[0], x[1]], 1)[None] for x in (h, c))
        query, _ = self.decoder(self.dropout(self.target(target)), first)
        scores = query @ self.keys(memory).transpose(1, 2)
        weights = scores.masked_fill((source == PAD)[:, None], -1e9).softmax(2)
        state = torch.tanh(self.join(torch.cat([weights @ memory, query], 2)))
        return self.output(self.dropout(state))


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


def main(path, seconds, threads):
    torch.set_num_threads(int(threads))
    torch.set_flush_denormal(True)
    random.seed(1)
    pairs = [line.rstrip("\n").split("\t") for line in open(path, encoding="utf-8")]
    letters, phones = {}, {}
    source, target = ids([s for s, _ in pairs], letters), ids([t.split() for _, t in pairs], phones)
    model = Model(len(letters) + 3, len(phones) + 3)
    optimizer = torch.optim.Adam(model.parameters())
    todo, done, start = [], 0, None
    for number in range(1 << 30):
        todo = todo or batches(source, target, 128)
        count = update(model, optimizer, source, target, todo.pop())
        if number == 9:
            start = time.perf_counter()
        elif number > 9:
            done += count
            if time.perf_counter() - start > float(seconds):
                break
    print(done / (time.perf_counter() - start))


main(*sys.argv[1:])
