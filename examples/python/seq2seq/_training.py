# SPDX-License-Identifier: MIT
"""Training, and figures of texts that some system wrote."""
from __future__ import annotations

import ctypes
from typing import Any, Callable, Iterator, Optional, Sequence

from . import _functions as f
from ._library import BadArgument, Handle, PathLike, Text, check, guarded, lib, made, pack_strings, path_bytes
from ._model import Corpus, Metrics, Model
from ._options import Options, given, kept


class Trainer(Handle):
    """Learns from a corpus, and judges itself on another.

        trainer = Trainer(Model.create(corpus, **shape), corpus, dev, max_epochs=20, threads=2)
        trainer.run()
        trainer.model().save("model.safetensors")
    """

    _pointer = f.s2s_trainer

    def __init__(self, model: Model, corpus: Corpus, dev: Optional[Corpus] = None, options: Optional[Options] = None,
                 **settings: Any) -> None:
        options = given(options, settings)
        super().__init__(made(lib.s2s_trainer_new, model, corpus, dev, options), kept(options))

    @classmethod
    def resume(cls, path: PathLike, corpus: Corpus, dev: Optional[Corpus] = None, options: Optional[Options] = None,
               **settings: Any) -> "Trainer":
        """The trainer that a checkpoint was written of, with the same corpora."""
        options = given(options, settings)
        trainer = cls.__new__(cls)
        Handle.__init__(trainer, made(lib.s2s_trainer_resume, path_bytes(path), corpus, dev, options), kept(options))
        return trainer

    def _about(self) -> str:
        return f"{self.metrics.updates:g} updates in {self.metrics.epochs:g} epochs"

    def step(self) -> float:
        """One update; its loss."""
        loss = ctypes.c_double()
        check(lib.s2s_trainer_step(self, ctypes.byref(loss)))
        return loss.value

    def __iter__(self) -> Iterator[float]:
        """Updates without end, each giving its loss."""
        while True:
            yield self.step()

    def run(self) -> Metrics:
        """Trains to the end that the options set; gives the figures."""
        check(lib.s2s_trainer_run(self))
        return self.metrics

    def evaluate(self) -> Metrics:
        """Judges the present parameters on the dev set."""
        check(lib.s2s_trainer_evaluate(self))
        return self.metrics

    @property
    def metrics(self) -> Metrics:
        """The figures as they are now."""
        return Metrics._of(lib.s2s_trainer_metrics(self))

    def model(self) -> Model:
        """The best model so far."""
        return Model(made(lib.s2s_trainer_model, self), self._keep)

    def present(self) -> Model:
        """The model as it is now, best or not."""
        return Model(made(lib.s2s_trainer_present, self), self._keep)

    def save(self, path: PathLike) -> None:
        """Writes a checkpoint, from which resume() goes on to the same bytes."""
        check(lib.s2s_trainer_save(self, path_bytes(path)))

    def set_allreduce(self, allreduce: Callable[[memoryview], Any], rank: int, ranks: int) -> None:
        """Trains in several processes: ``allreduce`` gets floats and replaces them by their sums over all processes."""

        def add_up(_: Any, values: Any, count: int) -> int:
            view = memoryview((ctypes.c_float * count).from_address(ctypes.addressof(values.contents)))
            allreduce(view.cast("B").cast("f"))
            return 0

        callback = f.s2s_allreduce_fn(lambda *arguments: guarded(1, add_up, *arguments))
        check(lib.s2s_trainer_set_allreduce(self, callback, None, rank, ranks))
        self._keep = [self._keep, callback]

    def cancel(self) -> None:
        """Makes the run or step that works, or else the next one, raise Cancelled. From any thread."""
        lib.s2s_trainer_cancel(self)

    def clear_cancel(self) -> None:
        """Takes back a cancel that nothing has seen."""
        lib.s2s_trainer_clear_cancel(self)


def _references(references: Sequence[Sequence[Optional[Text]]], count: int) -> Any:
    for alternative in references:
        if len(alternative) != count:
            raise BadArgument(f"{len(alternative)} references do not go with {count} texts")
    return pack_strings([text for alternative in references for text in alternative])


def metric_texts(hypotheses: Sequence[Text], references: Sequence[Sequence[Optional[Text]]],
                 options: Optional[Options] = None, **settings: Any) -> Metrics:
    """BLEU, chrF and error rates of texts. ``references`` is one list as long as theirs for each alternative; None where a
    text has no such alternative."""
    count = len(hypotheses)
    return Metrics._taken(made(lib.s2s_metric_texts, given(options, settings), pack_strings(hypotheses),
                               _references(references, count), count, len(references)))


def metric_compare(hypotheses: Sequence[Text], others: Sequence[Text], references: Sequence[Sequence[Optional[Text]]],
                   options: Optional[Options] = None, **settings: Any) -> Metrics:
    """Whether two systems differ by more than chance: figures of both, their differences, and p-values."""
    count = len(hypotheses)
    if len(others) != count:
        raise BadArgument(f"{len(others)} other texts do not go with {count}")
    return Metrics._taken(made(lib.s2s_metric_compare, given(options, settings), pack_strings(hypotheses), pack_strings(others),
                               _references(references, count), count, len(references)))
