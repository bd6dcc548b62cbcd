# SPDX-License-Identifier: MIT
"""Sequence-to-sequence models with attention, trained and run by libseq2seq. Nothing but the standard library is needed.

    import seq2seq

    model = seq2seq.Model.load("english-g2p.safetensors")
    print(model.translate(["sequence", "attention"], beam=5))

Options are keywords, dots written as underscores (``encoder_hidden=64`` sets encoder.hidden); option_table() lists them.
Failures raise seq2seq.Error with the library's sentence. Arrays are memoryviews of floats, which numpy takes as they are.
A Model may be used by any number of threads at once; everything else serves one thread at a time, but for cancel().
"""
from ._functions import (S2S_ENDING_LENGTH as CUT_LENGTH, S2S_ENDING_TIME as CUT_TIME, S2S_ENDING_MARK as ENDED, S2S_ENDING_STUCK as STUCK)
from ._functions import (S2S_LOG_ERROR as LOG_ERROR, S2S_LOG_INFO as LOG_INFO, S2S_LOG_WARNING as LOG_WARNING,
                         S2S_PROGRESS_EVALUATED as PROGRESS_EVALUATED, S2S_PROGRESS_TRANSLATED as PROGRESS_TRANSLATED,
                         S2S_PROGRESS_UPDATE as PROGRESS_UPDATE)
from ._library import (BadArgument, BadFile, BadOption, BadText, Busy, Cancelled, Diverged, Error, FileError, OutOfMemory,
                       TooLarge, Unsupported, lib as _lib)
from ._model import SOURCE, TARGET, Corpus, Hypothesis, Link, Metrics, Model, Result, Segmenter, Token, Tokens, split_document
from ._options import OptionInfo, Options, Preset, option_table, presets
from ._parts import Attention, Decoder, Encoder, Memory
from ._training import Trainer, metric_compare, metric_texts

__version__: str = _lib.s2s_version().decode()
__all__ = [
    "CUT_LENGTH", "CUT_TIME", "ENDED", "LOG_ERROR", "LOG_INFO", "LOG_WARNING", "PROGRESS_EVALUATED",
    "PROGRESS_TRANSLATED", "PROGRESS_UPDATE", "SOURCE", "STUCK", "TARGET", "Attention", "BadArgument", "BadFile",
    "BadOption", "BadText", "Busy", "Cancelled", "Corpus", "Decoder", "Diverged", "Encoder", "Error", "FileError",
    "Hypothesis", "Link", "Memory", "Metrics", "Model", "OptionInfo", "Options", "OutOfMemory", "Preset", "Result",
    "Segmenter", "Token", "Tokens", "TooLarge", "Trainer", "Unsupported", "metric_compare", "metric_texts",
    "option_table", "presets", "split_document",
]
