# SPDX-License-Identifier: MIT
"""Writes a model of ours as two ONNX graphs, for the peer of bench_decode.c.

    python3 bench_decode_onnx.py MODEL.safetensors OUT [int8]

OUT.encoder.onnx: ids [N, S] -> what steps look at (c0, c1 ...) and, of a recurrent model, the first state (s0, s1).
OUT.decoder.onnx: token [N], position [1] (of a transformer), c0 ..., s0 ... -> next [N], the likeliest token; t0 ..., the
                  state after it.
OUT.txt:          one line: how many c, how many s; heads and their size where the first state is empty caches, else 0 0.

Only Python's own library is used: the two formats are simple enough to read and write by hand. int8: weights quantised by
output, activations when they are there (DynamicQuantizeMatMul, DynamicQuantizeLSTM), as ONNX Runtime's own tool does it.
Models: LSTM encoder of one layer in both directions, LSTM decoder, general attention; or transformers, norm before.
"""
import array
import json
import math
import struct
import sys

FLOAT, UINT8, INT8, INT64 = 1, 2, 3, 7


# ---- protocol buffers -------------------------------------------------------------------------------------------------


def varint(n):
    n &= (1 << 64) - 1
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def number(field, n):
    return varint(field << 3) + varint(n)


def block(field, data):
    data = data.encode() if isinstance(data, str) else data
    return varint(field << 3 | 2) + varint(len(data)) + data


def attribute(name, value):
    if isinstance(value, int):
        return block(1, name) + number(3, value) + number(20, 2)
    if isinstance(value, float):
        return block(1, name) + varint(2 << 3 | 5) + struct.pack("<f", value) + number(20, 1)
    if isinstance(value, str):
        return block(1, name) + block(4, value) + number(20, 3)
    return block(1, name) + b"".join(number(8, i) for i in value) + number(20, 7)


def tensor(name, kind, shape, data):
    return b"".join(number(1, n) for n in shape) + number(2, kind) + block(8, name) + block(9, data)


def value(name, kind, shape):
    dims = b"".join(block(1, number(1, n) if isinstance(n, int) else block(2, n)) for n in shape)
    return block(1, name) + block(2, block(1, number(1, kind) + block(2, dims)))


# ---- graphs -----------------------------------------------------------------------------------------------------------


class Graph:
    def __init__(self, model, int8):
        self.model, self.int8 = model, int8
        self.nodes, self.constants, self.inputs, self.outputs, self.names = [], {}, [], [], 0

    def input(self, name, kind, shape):
        self.inputs.append(value(name, kind, shape))
        return name

    def output(self, name, kind, shape, source):
        self.node("Identity", [source], outputs=[name])
        self.outputs.append(value(name, kind, shape))

    def node(self, kind, inputs, count=1, outputs=None, domain="", **attributes):
        self.names += 1
        outputs = outputs or ["n%d_%d" % (self.names, i) for i in range(count)]
        body = b"".join(block(1, i) for i in inputs) + b"".join(block(2, o) for o in outputs)
        body += block(3, "n%d" % self.names) + block(4, kind)
        body += b"".join(block(5, attribute(k, v)) for k, v in attributes.items())
        self.nodes.append(body + block(7, domain))
        return outputs[0] if len(outputs) == 1 else outputs

    def constant(self, name, kind, shape, data):
        self.constants.setdefault(name, tensor(name, kind, shape, bytes(data)))
        return name

    def ints(self, *values):
        name = "i" + "_".join(str(v) for v in values)
        return self.constant(name, INT64, [len(values)], struct.pack("<%dq" % len(values), *values))

    def floats(self, name, shape, values):
        return self.constant(name, FLOAT, shape, array.array("f", values).tobytes())

    def reshape(self, x, *shape):
        return self.node("Reshape", [x, self.ints(*shape)])

    def embedding(self, name, ids):
        w = self.model[name]
        return self.node("Gather", [self.floats(name, w.shape, w.data), ids], axis=0)

    def linear(self, x, weight, bias=None, rows=None, scale=1.0):
        """x [rows, in] W^T + b; rows: a part (first, count) of W and b; scale: of that part."""
        w = self.model[weight].part(rows, scale)
        name = "%s%s" % (weight, rows or "")
        b = self.model[bias].part(rows, scale) if bias else None
        end = [self.floats(bias + str(rows or ""), b.shape, b.data)] if b else []
        if not self.int8:
            return self.node("Gemm", [x, self.floats(name, w.shape, w.data)] + end, transB=1)
        q, scales = w.quantised()
        inputs = [x, self.constant(name, INT8, [w.shape[1], w.shape[0]], q)]
        inputs += [self.floats(name + ".scale", [w.shape[0]], scales)]
        inputs += [self.constant(name + ".zero", INT8, [w.shape[0]], bytes(w.shape[0]))]
        return self.node("DynamicQuantizeMatMul", inputs + end, domain="com.microsoft")

    def norm(self, x, name):
        g, b = self.model[name + ".weight"], self.model[name + ".bias"]
        ends = [self.floats(name + ".weight", g.shape, g.data), self.floats(name + ".bias", b.shape, b.data)]
        return self.node("LayerNormalization", [x] + ends, axis=-1, epsilon=1e-5)

    def save(self, path):
        graph = b"".join(block(1, n) for n in self.nodes) + block(2, "g")
        graph += b"".join(block(5, t) for t in self.constants.values())
        graph += b"".join(block(11, i) for i in self.inputs) + b"".join(block(12, o) for o in self.outputs)
        opsets = block(8, block(1, "") + number(2, 17)) + block(8, block(1, "com.microsoft") + number(2, 1))
        with open(path, "wb") as f:
            f.write(number(1, 8) + block(2, "libseq2seq") + block(7, graph) + opsets)


# ---- weights ----------------------------------------------------------------------------------------------------------


class Weight:
    def __init__(self, shape, data):
        self.shape, self.data = shape, data

    def part(self, rows, scale=1.0):
        if rows is None:
            return self
        cols = self.shape[1] if len(self.shape) == 2 else 1
        data = self.data[rows[0] * cols : (rows[0] + rows[1]) * cols]
        if scale != 1.0:
            data = array.array("f", (scale * x for x in data))
        return Weight([rows[1]] + self.shape[1:], data)

    def quantised(self):
        """The transpose [in, out] in eight bits, and a scale an output."""
        out, cols = self.shape
        scales, rows = [], []
        for o in range(out):
            row = self.data[o * cols : (o + 1) * cols]
            scale = max(max(row), -min(row)) / 127 or 1.0
            scales.append(scale)
            rows.append(array.array("b", [round(x / scale) for x in row]))
        flat = array.array("b")
        for row in rows:
            flat.extend(row)
        turned = array.array("b")
        for j in range(cols):
            turned.extend(flat[j::cols])
        return turned.tobytes(), scales


def read(path):
    with open(path, "rb") as f:
        size = struct.unpack("<Q", f.read(8))[0]
        header = json.loads(f.read(size))
        body = f.read()
    model = {}
    for name, entry in header.items():
        if name == "__metadata__" or entry["dtype"] != "F32":
            continue
        begin, end = entry["data_offsets"]
        data = array.array("f")
        data.frombytes(body[begin:end])
        model[name] = Weight(entry["shape"], data)
    return model, header["__metadata__"]


# ---- the recurrent model ----------------------------------------------------------------------------------------------


def gates(weight, hidden):
    """PyTorch's order i f g o as ONNX's i o f c."""
    cols = weight.shape[1] if len(weight.shape) == 2 else 1
    size = hidden * cols
    data = array.array("f")
    for g in (0, 3, 1, 2):
        data.extend(weight.data[g * size : (g + 1) * size])
    return Weight(weight.shape, data)


def lstm(g, x, prefix, hidden, directions, states):
    """x [S, N, in] -> Y [S, directions, N, hidden], h and c [directions, N, hidden]"""
    ends = ["_l0", "_l0_reverse"][:directions]
    parts = [[gates(g.model[prefix + kind + end], hidden) for end in ends] for kind in ("weight_ih", "weight_hh")]
    bias = array.array("f")
    for end in ends:
        bias.extend(gates(g.model[prefix + "bias_ih" + end], hidden).data)
        bias.extend(gates(g.model[prefix + "bias_hh" + end], hidden).data)
    more = {"hidden_size": hidden, "direction": "bidirectional" if directions == 2 else "forward"}
    inputs, scales = [x], []
    for kind, weights in zip("WR", parts):
        out, cols = weights[0].shape
        if g.int8:
            q = [w.quantised() for w in weights]
            data = b"".join(part[0] for part in q)
            inputs.append(g.constant(prefix + kind, INT8, [directions, cols, out], data))
            scale = [s for part in q for s in part[1]]
            scales.append(g.floats(prefix + kind + ".scale", [directions, out], scale))
            scales.append(g.constant(prefix + kind + ".zero", INT8, [directions, out], bytes(directions * out)))
        else:
            data = b"".join(w.data.tobytes() for w in weights)
            inputs.append(g.constant(prefix + kind, FLOAT, [directions, out, cols], data))
    inputs += [g.floats(prefix + "B", [directions, 8 * hidden], bias), ""] + (states or ["", ""])
    if g.int8:
        return g.node("DynamicQuantizeLSTM", inputs + [""] + scales, 3, domain="com.microsoft", **more)
    return g.node("LSTM", inputs, 3, **more)


def recurrent_encoder(g, hidden):
    ids = g.node("Transpose", [g.input("ids", INT64, ["N", "S"])], perm=[1, 0])
    y, h, c = lstm(g, g.embedding("encoder.embedding.weight", ids), "encoder.rnn.", hidden, 2, None)
    wide = 2 * hidden
    memory = g.node("Reshape", [g.node("Transpose", [y], perm=[2, 0, 1, 3]), g.ints(0, 0, wide)])
    keys = g.linear(g.reshape(memory, -1, wide), "attention.linear_in.weight")
    shape = g.node("Shape", [memory])
    keys = g.node("Transpose", [g.node("Reshape", [keys, shape])], perm=[0, 2, 1])
    g.output("c0", FLOAT, ["N", "S", wide], memory)
    g.output("c1", FLOAT, ["N", wide, "S"], keys)
    for name, last in (("s0", h), ("s1", c)):
        last = g.node("Transpose", [last], perm=[1, 0, 2])
        g.output(name, FLOAT, [1, "N", wide], g.reshape(last, 1, -1, wide))


def recurrent_decoder(g, hidden):
    token = g.input("token", INT64, ["N"])
    memory, keys = g.input("c0", FLOAT, ["N", "S", hidden]), g.input("c1", FLOAT, ["N", hidden, "S"])
    states = [g.input(name, FLOAT, [1, "N", hidden]) for name in ("s0", "s1")]
    x = g.embedding("decoder.embedding.weight", g.node("Unsqueeze", [token, g.ints(0)]))
    _, h, c = lstm(g, x, "decoder.rnn.", hidden, 1, states)
    query = g.node("Transpose", [h], perm=[1, 0, 2])
    weights = g.node("Softmax", [g.node("MatMul", [query, keys])], axis=-1)
    context = g.reshape(g.node("MatMul", [weights, memory]), -1, hidden)
    both = g.node("Concat", [context, g.reshape(h, -1, hidden)], axis=1)
    out = g.node("Tanh", [g.linear(both, "attention.linear_out.weight")])
    choose(g, out)
    g.output("t0", FLOAT, [1, "N", hidden], h)
    g.output("t1", FLOAT, [1, "N", hidden], c)


def choose(g, x):
    logits = g.linear(x, "generator.weight", "generator.bias")
    g.output("next", INT64, ["N"], g.node("ArgMax", [logits], axis=1, keepdims=0))


# ---- the transformer --------------------------------------------------------------------------------------------------


def positions(count, dim):
    table = array.array("f")
    for p in range(count):
        for j in range(dim):
            angle = p * 10000.0 ** (-(j // 2 * 2) / dim)
            table.append(math.cos(angle) if j % 2 else math.sin(angle))
    return table


class Transformer:
    def __init__(self, g, options):
        self.g, self.dim = g, int(options["transformer.dim"])
        self.heads = int(options["transformer.heads"])
        self.size = self.dim // self.heads
        self.table = g.floats("positions", [512, self.dim], positions(512, self.dim))

    def embed(self, name, ids, place):
        g = self.g
        x = g.node("Mul", [g.embedding(name, ids), g.floats("scale", [1], [math.sqrt(self.dim)])])
        return g.node("Add", [x, g.node("Gather", [self.table, place], axis=0)])

    def project(self, x, name, part, scale=1.0):
        rows = (part * self.dim, self.dim)
        return self.g.linear(x, name + ".in_proj_weight", name + ".in_proj_bias", rows, scale)

    def query(self, x, name):
        return self.project(x, name, 0, 1 / math.sqrt(self.size))

    def see(self, query, keys, values, name, x):
        """query [N, H, ?, d], keys [N, H, d, ?], values [N, H, ?, d]; x + the projected context"""
        g = self.g
        weights = g.node("Softmax", [g.node("MatMul", [query, keys])], axis=-1)
        context = g.node("Transpose", [g.node("MatMul", [weights, values])], perm=[0, 2, 1, 3])
        out = g.linear(g.reshape(context, -1, self.dim), name + ".out_proj.weight", name + ".out_proj.bias")
        return g.node("Add", [x, out])

    def feed(self, x, name, norm):
        g = self.g
        f = g.linear(g.norm(x, name + norm), name + "linear1.weight", name + "linear1.bias")
        f = g.linear(g.node("Relu", [f]), name + "linear2.weight", name + "linear2.bias")
        return g.node("Add", [x, f])

    def heads_of(self, x, shape, turned):
        x = self.g.node("Reshape", [x, shape])
        return self.g.node("Transpose", [x], perm=[0, 2, 3, 1] if turned else [0, 2, 1, 3])

    def encoder(self, layers, decoder_layers):
        g = self.g
        ids = g.input("ids", INT64, ["N", "S"])
        shape = g.node("Shape", [ids])
        length = g.node("Gather", [shape, g.constant("one", INT64, [], struct.pack("<q", 1))], axis=0)
        zero, one = (g.constant("z%d" % i, INT64, [], struct.pack("<q", i)) for i in (0, 1))
        x = self.embed("src_embedding.weight", ids, g.node("Range", [zero, length, one]))
        x = g.reshape(x, -1, self.dim)
        split = g.node("Concat", [shape, g.ints(self.heads, self.size)], axis=0)
        for layer in range(layers):
            name = "transformer.encoder.layers.%d." % layer
            n, attention = g.norm(x, name + "norm1"), name + "self_attn"
            query = self.heads_of(self.query(n, attention), split, False)
            keys = self.heads_of(self.project(n, attention, 1), split, True)
            values = self.heads_of(self.project(n, attention, 2), split, False)
            x = self.feed(self.see(query, keys, values, attention, x), name, "norm2")
        x = g.norm(x, "transformer.encoder.norm")
        for layer in range(decoder_layers):
            name = "transformer.decoder.layers.%d.multihead_attn" % layer
            keys = self.heads_of(self.project(x, name, 1), split, True)
            values = self.heads_of(self.project(x, name, 2), split, False)
            g.output("c%d" % (2 * layer), FLOAT, ["N", self.heads, self.size, "S"], keys)
            g.output("c%d" % (2 * layer + 1), FLOAT, ["N", self.heads, "S", self.size], values)

    def decoder(self, layers):
        g, h, d = self.g, self.heads, self.size
        place = g.input("position", INT64, [1])
        x = self.embed("tgt_embedding.weight", g.input("token", INT64, ["N"]), place)
        for layer in range(layers):
            names = [kind + str(2 * layer + i) for kind in "cs" for i in (0, 1)]
            shapes = [["N", h, d, "S"], ["N", h, "S", d], ["N", h, "T", d], ["N", h, "T", d]]
            memory_keys, memory_values, keys, values = (g.input(n, FLOAT, s) for n, s in zip(names, shapes))
            name = "transformer.decoder.layers.%d." % layer
            own, n = name + "self_attn", g.norm(x, name + "norm1")
            all_three = g.linear(n, own + ".in_proj_weight", own + ".in_proj_bias")
            query, key, val = g.node("Split", [all_three, g.ints(self.dim, self.dim, self.dim)], 3, axis=1)
            query = g.node("Mul", [query, g.floats("share", [1], [1 / math.sqrt(d)])])
            keys = g.node("Concat", [keys, g.reshape(key, -1, h, 1, d)], axis=2)
            values = g.node("Concat", [values, g.reshape(val, -1, h, 1, d)], axis=2)
            turned = g.node("Transpose", [keys], perm=[0, 1, 3, 2])
            x = self.see(g.reshape(query, -1, h, 1, d), turned, values, own, x)
            across = name + "multihead_attn"
            query = g.reshape(self.query(g.norm(x, name + "norm2"), across), -1, h, 1, d)
            x = self.see(query, memory_keys, memory_values, across, x)
            x = self.feed(x, name, "norm3")
            g.output("t%d" % (2 * layer), FLOAT, ["N", h, "T1", d], keys)
            g.output("t%d" % (2 * layer + 1), FLOAT, ["N", h, "T1", d], values)
        choose(g, g.norm(x, "transformer.decoder.norm"))


def main():
    model, options = read(sys.argv[1])
    out, int8 = sys.argv[2], sys.argv[3:] == ["int8"]
    encoder, decoder = Graph(model, int8), Graph(model, int8)
    if options["encoder.type"] == "rnn":
        recurrent_encoder(encoder, int(options["encoder.hidden"]))
        recurrent_decoder(decoder, int(options["decoder.hidden"]))
        line = "2 2 0 0"
    else:
        layers = int(options["decoder.layers"])
        t = Transformer(encoder, options)
        t.encoder(int(options["encoder.layers"]), layers)
        Transformer(decoder, options).decoder(layers)
        line = "%d %d %d %d" % (2 * layers, 2 * layers, t.heads, t.size)
    encoder.save(out + ".encoder.onnx")
    decoder.save(out + ".decoder.onnx")
    with open(out + ".txt", "w") as f:
        f.write(line + "\n")


main()
