# SPDX-License-Identifier: MIT
"""python -m seq2seq: translate lines, train, evaluate, or list options, by the flags of the command seq2seq.

    python -m seq2seq translate -m MODEL [--beam 5] [--nbest N] [--json] < in > out
    python -m seq2seq train --train PAIRS.tsv [--dev DEV.tsv] -o MODEL [--max-epochs 3]
    python -m seq2seq eval -m MODEL --data PAIRS.tsv
    python -m seq2seq options
"""
from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import sys
from typing import Any, BinaryIO, Dict, Iterator, List, Optional

import seq2seq

_MARK = b"\xef\xbb\xbf"  # of byte order
_ENDINGS = {seq2seq.ENDED: "end", seq2seq.CUT_LENGTH: "length", seq2seq.CUT_TIME: "time", seq2seq.STUCK: "stuck"}


# -- what all commands have --


def _options(arguments: argparse.Namespace) -> seq2seq.Options:
    options = seq2seq.Options(log=lambda _, message: print(message, file=sys.stderr))
    if arguments.config:
        options.load(arguments.config)
    options.update(arguments.options or {})
    return options


def _model(arguments: argparse.Namespace, options: seq2seq.Options) -> seq2seq.Model:
    models = [seq2seq.Model.load(path, options) for path in arguments.model]
    return models[0] if len(models) == 1 else seq2seq.Model.ensemble(models, options)


def _show(metrics: seq2seq.Metrics) -> None:
    for name, value in metrics.items():
        print(f"{name}\t{value:g}")


# -- translate --


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Without their ends, and without the byte order mark of the first."""
    for number, line in enumerate(file):
        line = line[:-1] if line.endswith(b"\n") else line
        line = line[:-1] if line.endswith(b"\r") else line
        yield line[len(_MARK):] if number == 0 and line.startswith(_MARK) else line


def _hypothesis(found: seq2seq.Hypothesis, aligned: bool) -> Dict[str, Any]:
    shown: Dict[str, Any] = {
        "text": found.text, "score": float(f"{found.score:.9g}"),
        "log_probability": float(f"{found.log_probability:.9g}"), "tokens": len(found.tokens),
        "ending": _ENDINGS[found.ending], "token_scores": [float(f"{score:.6g}") for score in found.token_scores]}
    if aligned:
        shown["alignment"] = [{"source": link.source, "source_begin": link.source_bytes[0], "source_end": link.source_bytes[1],
                               "target": link.target, "target_begin": link.target_bytes[0], "target_end": link.target_bytes[1]}
                              for link in found.links]
    return shown


class _Translation:
    """Lines in, answers out, a batch at a time."""

    def __init__(self, arguments: argparse.Namespace, out: BinaryIO) -> None:
        options = _options(arguments)
        model = _model(arguments, options)
        self.arguments, self.out, self.numbered = arguments, out, int(options["nbest"]) > 1
        self.encoder, self.decoder = seq2seq.Encoder(model, options), seq2seq.Decoder(model, options)
        self.done = self.cut = 0

    def batch(self, lines: List[bytes], prefixes: Optional[List[bytes]]) -> None:
        """Answers a batch. Where a line is refused, those before it are answered one by one, to find which it is."""
        try:
            self._answer(lines, prefixes)
        except (seq2seq.BadText, seq2seq.TooLarge):
            for i, line in enumerate(lines):
                try:
                    self._answer([line], None if prefixes is None else prefixes[i:i + 1])
                except seq2seq.Error as error:
                    name = self.arguments.input or "standard input"
                    raise type(error)(f"{name}, line {self.done + 1}: {error}", error.status) from None

    def _answer(self, lines: List[bytes], prefixes: Optional[List[bytes]]) -> None:
        with self.encoder.encode(lines) as memory:
            if prefixes is not None:
                self.decoder.set_prefixes(prefixes)
            result = self.decoder.decode(memory)
        for line, hypotheses in zip(lines, result):
            self.done += 1
            self.cut += hypotheses[0].ending != seq2seq.ENDED
            write = self._json if self.arguments.json else self._plain
            write(line, hypotheses)
        self.out.flush()

    def _plain(self, _: bytes, hypotheses: List[seq2seq.Hypothesis]) -> None:
        for rank, found in enumerate(hypotheses, 1):
            text = f"{self.done}\t{rank}\t{found.score:.4f}\t{found.text}" if self.numbered else found.text
            if self.arguments.alignment:
                text += " |||" + "".join(f" {link.source}-{link.target}" for link in found.links)
            self.out.write(text.encode() + b"\n")

    def _json(self, line: bytes, hypotheses: List[seq2seq.Hypothesis]) -> None:
        shown = {"source": line.decode("utf-8", "replace"),
                 "hypotheses": [_hypothesis(found, self.arguments.alignment) for found in hypotheses]}
        self.out.write(json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")


def _translate(arguments: argparse.Namespace) -> None:
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(open(arguments.input, "rb")) if arguments.input else sys.stdin.buffer
        if arguments.document:
            options = _options(arguments)
            text = source.read()
            text = text[len(_MARK):] if text.startswith(_MARK) else text
            answer = _model(arguments, options).translate_document(text, options)
            _output(arguments, stack).write(answer.encode())
            return
        prefixes = _lines(stack.enter_context(open(arguments.prefixes, "rb"))) if arguments.prefixes else None
        _translate_lines(arguments, source, prefixes, stack)


def _output(arguments: argparse.Namespace, stack: contextlib.ExitStack) -> Any:
    return stack.enter_context(open(arguments.output, "wb")) if arguments.output else sys.stdout.buffer


def _translate_lines(arguments: argparse.Namespace, source: BinaryIO, prefixes: Optional[Iterator[bytes]],
                     stack: contextlib.ExitStack) -> None:
    lines, size = _lines(source), arguments.batch or (1 if source.isatty() else 64)
    translation = _Translation(arguments, _output(arguments, stack))
    while batch := list(itertools.islice(lines, size)):
        given = None if prefixes is None else list(itertools.islice(prefixes, len(batch)))
        if given is not None and len(given) != len(batch):
            raise seq2seq.BadArgument(f"{arguments.prefixes} has fewer lines than the input")
        translation.batch(batch, given)
    if prefixes is not None and next(prefixes, None) is not None:
        raise seq2seq.BadArgument(f"{arguments.prefixes} has more lines than the input")
    if translation.cut:
        print(f"seq2seq: {translation.cut} of {translation.done} answers are cut short or stuck; --json says which",
              file=sys.stderr)


# -- the others --


def _train(arguments: argparse.Namespace) -> None:
    options = _options(arguments)
    corpus = seq2seq.Corpus.load(*arguments.train)
    dev = seq2seq.Corpus.load(*arguments.dev) if arguments.dev else None
    trainer = seq2seq.Trainer(seq2seq.Model.create(corpus, options), corpus, dev, options)
    try:
        trainer.run()
    finally:
        trainer.model().save(arguments.output)
    _show(trainer.metrics)


def _evaluate(arguments: argparse.Namespace) -> None:
    options = _options(arguments)
    _show(_model(arguments, options).evaluate(seq2seq.Corpus.load(*arguments.data), options))


def _list(_: argparse.Namespace) -> None:
    for option in seq2seq.option_table():
        print(f"{option.name}\t{option.default}\t{option.range}\t{option.help}")


# -- flags --


class _Set(argparse.Action):
    """Keeps a library option in arguments.options, in the order given."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Optional[str] = None) -> None:
        namespace.options = {**(namespace.options or {}), self.dest: values}


class _Files(argparse.Action):
    """One file of pairs, or two line-aligned files."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Optional[str] = None) -> None:
        if len(values) > 2:
            parser.error(f"{option_string}: one file of pairs, or two line-aligned files")
        setattr(namespace, self.dest, values)


def _batch(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65536:
        raise argparse.ArgumentTypeError("it must be a whole number from 1 to 65536")
    return int(text)


def _command(commands: Any, name: str, function: object, text: str, scopes: str) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
    made.set_defaults(function=function, options=None)
    made.add_argument("--config", metavar="FILE", help="read options from a file of `key = value` lines")
    for option in seq2seq.option_table():
        if option.scope in scopes.split():
            made.add_argument("--" + option.name.replace(".", "-").replace("_", "-"), dest=option.name, action=_Set,
                              default=argparse.SUPPRESS, metavar="VALUE",
                              help=f"{option.help} ({option.range}) [{option.default}]".replace("%", "%%"))
    return made


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m seq2seq", description="Sequence-to-sequence models with attention.")
    parser.add_argument("--version", action="version", version=seq2seq.__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    translate = _command(commands, "translate", _translate, "translate lines", "decode runtime")
    translate.add_argument("-i", "--input", metavar="FILE", help="read this file instead of standard input")
    translate.add_argument("-o", "--output", metavar="FILE", help="write this file instead of standard output")
    translate.add_argument("--prefixes", metavar="FILE", help="what the answer to each line begins with, line by line")
    translate.add_argument("--batch", type=_batch, metavar="N", help="lines answered at once: 64, on a terminal 1")
    translate.add_argument("--document", action="store_true", help="the input is one text; lines and paragraphs are kept")
    translate.add_argument("--json", action="store_true", help="write an object a line")
    translate.add_argument("--alignment", action="store_true", help="add the word alignment")
    train = _command(commands, "train", _train, "train a model on pairs of texts", "model train decode runtime")
    train.add_argument("--train", nargs="+", action=_Files, required=True, metavar="FILE", help="pairs to learn from")
    train.add_argument("--dev", nargs="+", action=_Files, metavar="FILE", help="pairs to judge it by")
    train.add_argument("-o", "--output", required=True, metavar="FILE", help="where the model goes")
    evaluate = _command(commands, "eval", _evaluate, "compare a model's output with references", "decode runtime")
    evaluate.add_argument("--data", nargs="+", action=_Files, required=True, metavar="FILE", help="the pairs")
    for command in (translate, evaluate):
        command.add_argument("-m", "--model", action="append", required=True, metavar="FILE", help="the model; several: an ensemble")
    _command(commands, "options", _list, "list every option with its default, range and meaning", "")
    return parser


def main(arguments: Optional[List[str]] = None) -> int:
    """Runs a command; 0, 1 when it failed, 130 when it was interrupted. Wrong usage leaves by SystemExit with 2."""
    parsed = _parser().parse_args(arguments)
    try:
        parsed.function(parsed)
    except (seq2seq.Error, OSError) as error:
        print(f"seq2seq: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
