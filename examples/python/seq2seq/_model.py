# SPDX-License-Identifier: MIT
"""Models, results, documents, segmenters and corpora."""
from __future__ import annotations

import ctypes
from typing import Any, BinaryIO, Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple, Union, overload

from . import _functions as f
from ._library import (BadArgument, Handle, PathLike, Text, at, c_floats, c_string, check, counted, encode, floats,
                       guarded, lib, made, pack, pack_strings, path_bytes)
from ._options import Options, given, kept

SOURCE, TARGET = f.S2S_SOURCE, f.S2S_TARGET


class Link(NamedTuple):
    """A word of the target and the word of the source that it is aligned with: their numbers, and the bytes of the texts'
    UTF-8 where they stand."""

    source: int
    target: int
    source_bytes: Tuple[int, int]
    target_bytes: Tuple[int, int]


class Hypothesis(NamedTuple):
    """One answer to a text. ``alignment`` is a memoryview of floats of shape (target tokens, source tokens), or None;
    ``token_scores`` are log-probabilities; ``ending`` is ENDED, CUT_LENGTH, CUT_TIME or STUCK; ``links`` are the hard
    alignment, one for each word of the target."""

    text: str
    score: float
    log_probability: float
    tokens: Tuple[int, ...]
    alignment: Optional[memoryview]
    token_scores: Tuple[float, ...]
    ending: int
    links: Tuple[Link, ...]

    def __repr__(self) -> str:
        return f"<Hypothesis: {self.text!r}, score {self.score:.4f}>"


class Token(NamedTuple):
    """A piece of a text, and the bytes of its UTF-8 where it stands."""

    text: str
    begin: int
    end: int


def _decode(text: Optional[bytes]) -> str:
    return (text or b"").decode("utf-8", "replace")


class Result(Handle):
    """For each text, its hypotheses from the best to the worst: ``result[text][rank]``."""

    _pointer = f.s2s_result

    def __len__(self) -> int:
        return lib.s2s_result_count(self)

    def _about(self) -> str:
        return counted(len(self), "text")

    def _place(self, text: int, rank: int) -> Tuple[int, int]:
        text = at(text, len(self), "text")
        return text, at(rank, lib.s2s_result_hypotheses(self, text), "hypothesis")

    def __getitem__(self, text: int) -> List[Hypothesis]:
        text = at(text, len(self), "text")
        return [self._hypothesis(text, rank) for rank in range(lib.s2s_result_hypotheses(self, text))]

    def __iter__(self) -> Iterator[List[Hypothesis]]:
        return (self[text] for text in range(len(self)))

    def texts(self) -> List[str]:
        """The best text of each."""
        return [_decode(lib.s2s_result_text(self, text, 0)) for text in range(len(self))]

    def copied(self, text: int, token: int) -> Optional[str]:
        """The word of a text's own that a token id behind the vocabulary stands for."""
        found = lib.s2s_result_copied(self, at(text, len(self), "text"), token)
        return None if found is None else _decode(found)

    def token_scores(self, text: int, rank: int = 0) -> List[float]:
        """The log-probability of each token, and of the end mark where there is one."""
        (text, rank), count = self._place(text, rank), ctypes.c_size_t()
        scores = lib.s2s_result_token_scores(self, text, rank, ctypes.byref(count))
        return list(scores[:count.value]) if scores else []

    def ending(self, text: int, rank: int = 0) -> int:
        """How it ended: ENDED, CUT_LENGTH, CUT_TIME or STUCK."""
        return lib.s2s_result_ending(self, *self._place(text, rank))

    def range(self, text: int, rank: int, token: int) -> Tuple[int, int]:
        """The bytes of a hypothesis's UTF-8 where a token stands."""
        (text, rank), count = self._place(text, rank), ctypes.c_size_t()
        lib.s2s_result_tokens(self, text, rank, ctypes.byref(count))
        token, begin, end = at(token, count.value, "token"), ctypes.c_size_t(), ctypes.c_size_t()
        lib.s2s_result_range(self, text, rank, token, ctypes.byref(begin), ctypes.byref(end))
        return begin.value, end.value

    def links(self, text: int, rank: int = 0) -> List[Link]:
        """The hard alignment: one link for each word of the target."""
        text, rank = self._place(text, rank)
        return [self._link(text, rank, index) for index in range(lib.s2s_result_links(self, text, rank))]

    def _link(self, text: int, rank: int, index: int) -> Link:
        source, target = (ctypes.c_size_t * 3)(), (ctypes.c_size_t * 3)()
        check(lib.s2s_result_link(self, text, rank, index, source, target))
        return Link(source[0], target[0], (source[1], source[2]), (target[1], target[2]))

    def _hypothesis(self, text: int, rank: int) -> Hypothesis:
        count, rows, columns = ctypes.c_size_t(), ctypes.c_size_t(), ctypes.c_size_t()
        ids = lib.s2s_result_tokens(self, text, rank, ctypes.byref(count))
        weights = lib.s2s_result_alignment(self, text, rank, ctypes.byref(rows), ctypes.byref(columns))
        return Hypothesis(_decode(lib.s2s_result_text(self, text, rank)), lib.s2s_result_score(self, text, rank),
                          lib.s2s_result_log_probability(self, text, rank), tuple(ids[:count.value] if ids else ()),
                          floats(weights, rows.value, columns.value), tuple(self.token_scores(text, rank)),
                          self.ending(text, rank), tuple(self.links(text, rank)))


class Tokens(Handle):
    """Tokens or sentences of a text, in order; ``text`` is the whole."""

    _pointer = f.s2s_tokens

    @property
    def text(self) -> str:
        """The whole text."""
        return _decode(lib.s2s_tokens_text(self))

    def _about(self) -> str:
        return f"{len(self)} of {self.text!r}" if len(self.text) <= 40 else f"{len(self)} of {self.text[:40]!r}..."

    def __len__(self) -> int:
        return lib.s2s_tokens_count(self)

    def __getitem__(self, index: int) -> Token:
        index, begin, end = at(index, len(self), "token"), ctypes.c_size_t(), ctypes.c_size_t()
        lib.s2s_tokens_range(self, index, ctypes.byref(begin), ctypes.byref(end))
        return Token(_decode(lib.s2s_tokens_get(self, index)), begin.value, end.value)

    def __iter__(self) -> Iterator[Token]:
        return (self[index] for index in range(len(self)))


class Corpus(Handle):
    """Parallel text: pairs (source, target)."""

    _pointer = f.s2s_corpus

    def __init__(self, pairs: Iterable[Tuple[Text, Text]] = (), options: Optional[Options] = None, **settings: Any) -> None:
        options = given(options, settings)
        super().__init__(made(lib.s2s_corpus_new, options), kept(options))
        self.extend(pairs)

    @classmethod
    def load(cls, path: PathLike, target_path: Optional[PathLike] = None, **settings: Any) -> "Corpus":
        """From a file of lines source<TAB>target, or from two line-aligned files."""
        corpus = cls((), **settings)
        if target_path is None:
            check(lib.s2s_corpus_load(corpus, path_bytes(path)))
        else:
            check(lib.s2s_corpus_load_aligned(corpus, path_bytes(path), path_bytes(target_path)))
        return corpus

    def add(self, source: Text, target: Text) -> None:
        """Adds a pair."""
        s, t = encode(source), encode(target)
        check(lib.s2s_corpus_add(self, s, len(s), t, len(t)))

    def extend(self, pairs: Iterable[Tuple[Text, Text]]) -> None:
        """Adds pairs."""
        for source, target in pairs:
            self.add(source, target)

    def _about(self) -> str:
        return counted(len(self), "pair")

    def __len__(self) -> int:
        return lib.s2s_corpus_size(self)

    def __getitem__(self, index: int) -> Tuple[str, str]:
        index = at(index, len(self), "pair")
        return _decode(lib.s2s_corpus_text(self, index, SOURCE)), _decode(lib.s2s_corpus_text(self, index, TARGET))

    def __iter__(self) -> Iterator[Tuple[str, str]]:
        return (self[index] for index in range(len(self)))


class Metrics(Dict[str, float]):
    """Figures by name, in the library's order; also as attributes: ``metrics.bleu``."""

    def __getattr__(self, name: str) -> float:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"there is no figure '{name}' among {', '.join(self)}") from None

    @classmethod
    def _of(cls, raw: Any) -> "Metrics":
        return cls({lib.s2s_metrics_name(raw, i).decode(): lib.s2s_metrics_value(raw, i)
                    for i in range(lib.s2s_metrics_count(raw))})

    @classmethod
    def _taken(cls, raw: Any) -> "Metrics":
        try:
            return cls._of(raw)
        finally:
            lib.s2s_metrics_free(raw)


class Model(Handle):
    """An immutable model, for any number of threads at once. Options go in as keywords: ``translate(texts, beam=5)``."""

    _pointer = f.s2s_model

    @classmethod
    def load(cls, path: PathLike, options: Optional[Options] = None, **settings: Any) -> "Model":
        """From a file."""
        options = given(options, settings)
        return cls(made(lib.s2s_model_load, path_bytes(path), options), kept(options))

    @classmethod
    def loads(cls, data: Any, options: Optional[Options] = None, **settings: Any) -> "Model":
        """From the bytes of a file: bytes, a memoryview, a mapped file."""
        options, view = given(options, settings), memoryview(data).cast("B")
        if view.readonly:
            held: Any = ctypes.c_char_p(data if isinstance(data, bytes) else bytes(view))
        else:
            held = (ctypes.c_ubyte * view.nbytes).from_buffer(view) if view.nbytes else ctypes.c_char_p(b"")
        return cls(made(lib.s2s_model_load_buffer, held, view.nbytes, options), kept(options))

    @classmethod
    def read(cls, file: BinaryIO, options: Optional[Options] = None, **settings: Any) -> "Model":
        """From an open binary file, read to its end."""
        options = given(options, settings)

        def pull(_: Any, to: int, size: int) -> int:
            data = file.read(size)
            ctypes.memmove(to, data, len(data))
            return len(data)

        callback = f.s2s_read_fn(lambda *arguments: guarded(-1, pull, *arguments))
        return cls(made(lib.s2s_model_load_reader, callback, None, options), kept(options))

    @classmethod
    def create(cls, corpus: Corpus, options: Optional[Options] = None, **settings: Any) -> "Model":
        """A new, untrained model with the vocabularies of a corpus."""
        options = given(options, settings)
        return cls(made(lib.s2s_model_create, corpus, options), kept(options))

    @classmethod
    def ensemble(cls, models: Sequence["Model"], options: Optional[Options] = None, **settings: Any) -> "Model":
        """Several models as one."""
        options = given(options, settings)
        raw = (f.s2s_model * max(len(models), 1))(*[f.s2s_model.from_param(model) for model in models])
        return cls(made(lib.s2s_model_ensemble, raw, len(models), options), kept(options))

    @classmethod
    def average(cls, models: Sequence["Model"], options: Optional[Options] = None, **settings: Any) -> "Model":
        """The mean of the parameters of models of one shape: checkpoint averaging."""
        options = given(options, settings)
        raw = (f.s2s_model * max(len(models), 1))(*[f.s2s_model.from_param(model) for model in models])
        return cls(made(lib.s2s_model_average, raw, len(models), options), kept(options))

    def extend(self, corpus: Corpus, options: Optional[Options] = None, **settings: Any) -> "Model":
        """A copy that also has the tokens of a corpus."""
        options = given(options, settings)
        return Model(made(lib.s2s_model_extend, self, corpus, options), kept(options))

    def quantize(self, weights: str = "int8", options: Optional[Options] = None, **settings: Any) -> "Model":
        """A copy in fewer bits: int8, f16, or f32 again."""
        options = given(options, {**settings, "weights": weights})
        return Model(made(lib.s2s_model_quantize, self, options), kept(options))

    def shortlist(self, corpus: "Corpus", options: Optional[Options] = None, **settings: Any) -> "Model":
        """A copy that knows which target tokens go with which source tokens, learnt from a corpus: with the option
        ``shortlist`` it chooses among these alone, which is faster."""
        options = given(options, settings)
        return Model(made(lib.s2s_model_shortlist, self, corpus, options), kept(options))

    def save(self, path: PathLike) -> None:
        """To a safetensors file, whole or not at all."""
        check(lib.s2s_model_save(self, path_bytes(path)))

    # -- running --

    @overload
    def translate(self, texts: Text, options: Optional[Options] = None,  # type: ignore[misc]  # a str is a Sequence too
                  **settings: Any) -> str: ...

    @overload
    def translate(self, texts: Sequence[Text], options: Optional[Options] = None, **settings: Any) -> List[str]: ...

    def translate(self, texts: Any, options: Optional[Options] = None, **settings: Any) -> Any:
        """The best text for each: a list for a list, a text for a text."""
        if isinstance(texts, (str, bytes)):
            return self.results([texts], options, **settings).texts()[0]
        return self.results(texts, options, **settings).texts()

    def results(self, texts: Sequence[Text], options: Optional[Options] = None, **settings: Any) -> Result:
        """All hypotheses of each text (option nbest), with scores, tokens and alignments."""
        options = given(options, settings)
        return Result(made(lib.s2s_translate, self, options, *pack(texts)), kept(options))

    def score(self, sources: Sequence[Text], targets: Sequence[Text], options: Optional[Options] = None,
              **settings: Any) -> Result:
        """Given targets as results: their log-probabilities, token scores, alignments."""
        if len(sources) != len(targets):
            raise BadArgument(f"{len(targets)} targets do not go with {len(sources)} sources")
        options, of_sources, of_targets = given(options, settings), pack(sources), pack(targets)
        return Result(made(lib.s2s_score, self, options, *of_sources[:2], *of_targets), kept(options))

    def translate_document(self, text: Text, options: Optional[Options] = None, **settings: Any) -> str:
        """Sentence by sentence; lines and paragraphs stay."""
        options, data = given(options, settings), encode(text)
        with Tokens(made(lib.s2s_translate_document, self, options, data, len(data))) as translated:
            return translated.text

    def split_document(self, text: Text, options: Optional[Options] = None, **settings: Any) -> Tokens:
        """The sentences of a text, none longer than the model can take."""
        return split_document(text, self, options, **settings)

    def evaluate(self, corpus: Corpus, options: Optional[Options] = None, **settings: Any) -> Metrics:
        """How well it translates the sources of a corpus: loss, error rates, BLEU, chrF."""
        return Metrics._taken(made(lib.s2s_evaluate, self, corpus, given(options, settings)))

    # -- what it is --

    def _about(self) -> str:
        return f"{self['encoder.type']} to {self['decoder.type']}, {self['parameters']} parameters in {self['weights']}"

    def __getitem__(self, key: str) -> str:
        """What the model says of itself: any model option, "format", "parameters", "cpu"."""
        value = ctypes.c_char_p()
        check(lib.s2s_model_get(self, c_string(key), ctypes.byref(value)))
        return _decode(value.value)

    def vocabulary(self, side: int) -> List[str]:
        """The tokens of SOURCE or TARGET by their ids."""
        if side not in (SOURCE, TARGET):
            raise BadArgument(f"a side is SOURCE (0) or TARGET (1), not {side}")
        return [_decode(lib.s2s_model_token(self, side, i)) for i in range(lib.s2s_model_vocabulary_size(self, side))]

    def parameters(self) -> Dict[str, Tuple[int, ...]]:
        """Shapes by name, in the order of the file."""
        found = {}
        for index in range(lib.s2s_model_parameter_count(self)):
            found[lib.s2s_model_parameter_name(self, index).decode()] = self._shape(index)
        return found

    def parameter(self, name: str) -> memoryview:
        """The values of a parameter, float32, in its shape."""
        index = self._index(name)
        shape = self._shape(index)
        size = lib.s2s_model_parameter_size(self, index)
        values = (ctypes.c_float * size)()
        check(lib.s2s_model_parameter_read(self, index, values, size))
        return memoryview(values).cast("B").cast("f", list(shape))

    def set_parameter(self, name: str, values: Any) -> None:
        """Replaces all values of a parameter: floats as any buffer or iterable. Only before the model is first used."""
        array, count = c_floats(values)
        check(lib.s2s_model_parameter_write(self, self._index(name), array, count))

    def load_parameters(self, path: PathLike) -> None:
        """Replaces all parameters by those of a safetensors file, such as a PyTorch state_dict."""
        check(lib.s2s_model_load_parameters(self, path_bytes(path)))

    def _shape(self, index: int) -> Tuple[int, ...]:
        dims = lib.s2s_model_parameter_dims(self, index)
        return tuple(lib.s2s_model_parameter_dim(self, index, d) for d in range(dims))

    def _index(self, name: str) -> int:
        for index in range(lib.s2s_model_parameter_count(self)):
            if lib.s2s_model_parameter_name(self, index) == encode(name):
                return index
        raise BadArgument(f"the model has no parameter '{name}'")


def split_document(text: Text, model: Optional[Model] = None, options: Optional[Options] = None, **settings: Any) -> Tokens:
    """The sentences of a text; with a model, none longer than it can take."""
    data = encode(text)
    return Tokens(made(lib.s2s_split_document, model, given(options, settings), data, len(data)))


class Segmenter(Handle):
    """Text to tokens and back. Made by options from texts, or taken from a model."""

    _pointer = f.s2s_segmenter

    def __init__(self, side: int, texts: Sequence[Text] = (), options: Optional[Options] = None, **settings: Any) -> None:
        options = given(options, settings)
        super().__init__(made(lib.s2s_segmenter_new, options, side, *pack(texts)), kept(options))

    @classmethod
    def of(cls, model: Model, side: int) -> "Segmenter":
        """That of a model's side."""
        segmenter = cls.__new__(cls)
        Handle.__init__(segmenter, made(lib.s2s_segmenter_of, model, side), model._keep)
        return segmenter

    def segment(self, text: Text) -> Tokens:
        """The tokens of a text."""
        data = encode(text)
        return Tokens(made(lib.s2s_segment, self, data, len(data)), self._keep)

    def join(self, tokens: Sequence[Union[Text, Token]]) -> str:
        """The text of tokens."""
        plain = [token.text if isinstance(token, Token) else token for token in tokens]
        with Tokens(made(lib.s2s_join, self, pack_strings(plain), len(plain))) as joined:
            return joined.text

    def save(self, path: PathLike) -> None:
        """As a SentencePiece model."""
        check(lib.s2s_segmenter_save(self, path_bytes(path)))
