# SPDX-License-Identifier: MIT
"""The parts of a model by themselves: encoder, memory, attention, decoder."""
from __future__ import annotations

import ctypes
from typing import Any, Callable, List, Optional, Sequence, Tuple

from . import _functions as f
from ._library import BadArgument, Handle, Text, at, c_floats, check, counted, floats, guarded, lib, made, pack
from ._model import Model, Result
from ._options import Options, given, kept


def _ids(values: Sequence[int]) -> Any:
    for value in values:
        if not -2**31 <= value < 2**31:
            raise BadArgument(f"{value} is no token id and no row")
    return (ctypes.c_int32 * max(len(values), 1))(*values)


class Memory(Handle):
    """What an encoder made of a batch of texts: for each, a row of numbers for every token."""

    _pointer = f.s2s_memory

    def __len__(self) -> int:
        return lib.s2s_memory_count(self)

    def _about(self) -> str:
        return f"{counted(len(self), 'text')}, dim {self.dim}"

    @property
    def dim(self) -> int:
        """Numbers in a row."""
        return lib.s2s_memory_dim(self)

    def states(self, index: int) -> memoryview:
        """The rows of a text, of shape (tokens, dim)."""
        index, rows = at(index, len(self), "text"), ctypes.c_size_t()
        found = floats(lib.s2s_memory_states(self, index, ctypes.byref(rows)), rows.value, self.dim)
        return found if found is not None else memoryview(b"").cast("f")

    def tokens(self, index: int) -> List[int]:
        """The token ids of a text."""
        index, count = at(index, len(self), "text"), ctypes.c_size_t()
        found = lib.s2s_memory_tokens(self, index, ctypes.byref(count))
        return list(found[:count.value]) if found else []

    @property
    def target_size(self) -> int:
        """How many target tokens a step chooses from: the vocabulary, and behind it the words that may be copied."""
        return lib.s2s_memory_target_size(self)

    def copied(self, index: int, token: int) -> Optional[str]:
        """The word of a text's own that an id behind the vocabulary stands for."""
        found = lib.s2s_memory_copied(self, at(index, len(self), "text"), token)
        return None if found is None else found.decode("utf-8", "replace")

    def text(self, index: int) -> Optional[str]:
        """The text, as it was cut; None where ids were encoded."""
        found = lib.s2s_memory_text(self, at(index, len(self), "text"), None)
        return None if found is None else found.decode("utf-8", "replace")

    def range(self, index: int, token: int) -> Tuple[int, int]:
        """The bytes of the text's UTF-8 where a token stands."""
        index = at(index, len(self), "text")
        token = at(token, len(self.tokens(index)), "token")
        begin, end = ctypes.c_size_t(), ctypes.c_size_t()
        lib.s2s_memory_range(self, index, token, ctypes.byref(begin), ctypes.byref(end))
        return begin.value, end.value


class Encoder(Handle):
    """Texts in, memory out. Serves one thread at a time."""

    _pointer = f.s2s_encoder

    def __init__(self, model: Model, options: Optional[Options] = None, **settings: Any) -> None:
        options = given(options, settings)
        super().__init__(made(lib.s2s_encoder_init, model, options), kept(options))

    def encode(self, texts: Sequence[Text]) -> Memory:
        """The memory of a batch of texts."""
        return Memory(made(lib.s2s_encode, self, *pack(texts)), self._keep)

    def encode_ids(self, sequences: Sequence[Sequence[int]]) -> Memory:
        """The same from token ids."""
        lengths = (ctypes.c_size_t * max(len(sequences), 1))(*map(len, sequences))
        flat = _ids([token for sequence in sequences for token in sequence])
        return Memory(made(lib.s2s_encode_ids, self, flat, lengths, len(sequences)), self._keep)


class Attention(Handle):
    """A query in, weights and context out."""

    _pointer = f.s2s_attention

    def __init__(self, model: Model, options: Optional[Options] = None, **settings: Any) -> None:
        options = given(options, settings)
        super().__init__(made(lib.s2s_attention_init, model, options), kept(options))

    def _about(self) -> str:
        return f"queries of {self.query_dim}"

    @property
    def query_dim(self) -> int:
        """Numbers in a query."""
        return lib.s2s_attention_query_dim(self)

    def attend(self, memory: Memory, index: int, queries: Any) -> Tuple[memoryview, memoryview]:
        """Weights of shape (queries, tokens) and contexts of shape (queries, memory.dim) for float32 queries."""
        array, count = c_floats(queries)
        if count % self.query_dim:
            raise BadArgument(f"{count} numbers are not a multiple of the {self.query_dim} of a query")
        index = at(index, len(memory), "text")
        n, rows, dim = count // self.query_dim, len(memory.states(index)), memory.dim
        weights, contexts = (ctypes.c_float * max(n * rows, 1))(), (ctypes.c_float * max(n * dim, 1))()
        check(lib.s2s_attend(self, memory, index, array, n, weights, contexts))
        weights_view, contexts_view = floats(weights, n, rows), floats(contexts, n, dim)
        assert weights_view is not None and contexts_view is not None
        return weights_view, contexts_view


class Decoder(Handle):
    """Memory in, results out; or step by step for a search of one's own. Serves one thread at a time, but for cancel()."""

    _pointer = f.s2s_decoder

    def __init__(self, model: Model, options: Optional[Options] = None, **settings: Any) -> None:
        options = given(options, settings)
        super().__init__(made(lib.s2s_decoder_init, model, options), kept(options))
        self._memory: Optional[Memory] = None
        self._rows = 0  # of the last step

    def _about(self) -> str:
        return f"{self.memory()[0]} bytes"

    def decode(self, memory: Memory) -> Result:
        """What it finds for each text of the memory. It ends what start() began."""
        result = Result(made(lib.s2s_decode, self, memory), self._keep)
        self._memory, self._rows = None, 0
        return result

    def set_prefixes(self, texts: Sequence[Text]) -> None:
        """What each target of the next decode begins with."""
        check(lib.s2s_decoder_set_prefixes(self, *pack(texts)))

    def on_token(self, callback: Optional[Callable[[int, str, str, bool], Any]]) -> None:
        """Calls callback(sequence, text so far, its settled beginning, done) as texts grow in decode; a true result stops
        it with Cancelled. None: no more calls."""
        def grow(_: Any, sequence: int, text: bytes, length: int, settled: int, done: int) -> int:
            assert callback is not None
            return bool(callback(sequence, text.decode("utf-8", "replace"), text[:settled].decode("utf-8", "replace"),
                                 bool(done)))

        made_callback = f.s2s_token_fn(lambda *a: guarded(1, grow, *a)) if callback else f.s2s_token_fn(0)
        check(lib.s2s_decoder_on_token(self, made_callback, None))
        self._on_token = made_callback  # the library points to it

    def start(self, memory: Memory) -> None:
        """Prepares one row for each text of the memory."""
        check(lib.s2s_decoder_start(self, memory))
        self._memory, self._rows = memory, 0

    def step(self, tokens: Sequence[int], parents: Sequence[int]) -> memoryview:
        """Row i continues row parents[i] of the step before with tokens[i]; gives log-probabilities of the next token, of
        shape (rows, the memory's target_size). At the first step parents are texts and tokens 1, the begin mark."""
        if len(tokens) != len(parents):
            raise BadArgument(f"{len(tokens)} tokens do not go with {len(parents)} parents")
        out = ctypes.POINTER(ctypes.c_float)()
        check(lib.s2s_decoder_step(self, _ids(tokens), _ids(parents), len(tokens), ctypes.byref(out)))
        self._rows = len(tokens)
        found = floats(out, len(tokens), self._memory.target_size if self._memory else 0)
        return found if found is not None else memoryview(b"").cast("f")

    def attention(self, row: int) -> List[float]:
        """Weights of a row of the last step over its source tokens; none where the model has no attention."""
        row, count = at(row, self._rows, "row of the last step"), ctypes.c_size_t()
        weights = lib.s2s_decoder_attention(self, row, ctypes.byref(count))
        return list(weights[:count.value]) if weights else []

    def query(self, row: int) -> memoryview:
        """What a row of the last step asked the memory with, as floats: a query for Attention.attend(). Empty where the
        model has no attention."""
        row, dim = at(row, self._rows, "row of the last step"), ctypes.c_size_t()
        numbers = lib.s2s_decoder_query(self, row, ctypes.byref(dim))
        found = floats(numbers, dim.value)
        return found if found is not None else memoryview(b"").cast("f")

    def copy(self) -> "Decoder":
        """One that stands between the same steps; both go on by themselves."""
        copy = Decoder.__new__(Decoder)
        Handle.__init__(copy, made(lib.s2s_decoder_copy, self), self._keep)
        copy._memory, copy._rows = self._memory, 0  # the copy has made no step
        return copy

    def memory(self) -> Tuple[int, int]:
        """Bytes held now, and the most ever held; the option memory_limit bounds both."""
        peak = ctypes.c_size_t()
        return lib.s2s_decoder_memory(self, ctypes.byref(peak)), peak.value

    def cancel(self) -> None:
        """Makes the decode that runs, or else the next one, raise Cancelled. From any thread."""
        lib.s2s_decoder_cancel(self)

    def clear_cancel(self) -> None:
        """Takes back a cancel that no decode has seen."""
        lib.s2s_decoder_clear_cancel(self)
