# SPDX-License-Identifier: MIT
"""python -m seq2seq: translate lines, train, evaluate, or list options.

    python -m seq2seq translate MODEL [--set beam=5] < in > out
    python -m seq2seq train PAIRS.tsv [--dev DEV.tsv] -o MODEL [--set max_epochs=3]
    python -m seq2seq eval MODEL PAIRS.tsv
    python -m seq2seq options
"""
from __future__ import annotations

import argparse
import sys
from typing import List, Optional

import seq2seq


def _options(arguments: argparse.Namespace) -> seq2seq.Options:
    options = seq2seq.Options(log=lambda _, message: print(message, file=sys.stderr))
    for setting in arguments.set:
        key, equals, value = setting.partition("=")
        if not equals:
            raise seq2seq.BadOption(f"--set wants KEY=VALUE, not '{setting}'")
        options[key] = value
    return options


def _translate(arguments: argparse.Namespace) -> None:
    with seq2seq.Model.load(arguments.model, _options(arguments)) as model:
        for line in sys.stdin.buffer:
            print(model.translate(line.rstrip(b"\r\n"), _options(arguments)), flush=True)


def _train(arguments: argparse.Namespace) -> None:
    options = _options(arguments)
    corpus = seq2seq.Corpus.load(arguments.pairs)
    dev = seq2seq.Corpus.load(arguments.dev) if arguments.dev else None
    trainer = seq2seq.Trainer(seq2seq.Model.create(corpus, options), corpus, dev, options)
    try:
        trainer.run()
    finally:
        trainer.model().save(arguments.output)
    _show(trainer.metrics)


def _evaluate(arguments: argparse.Namespace) -> None:
    options = _options(arguments)
    _show(seq2seq.Model.load(arguments.model, options).evaluate(seq2seq.Corpus.load(arguments.pairs), options))


def _list(_: argparse.Namespace) -> None:
    for option in seq2seq.option_table():
        print(f"{option.name}\t{option.default}\t{option.range}\t{option.help}")


def _show(metrics: seq2seq.Metrics) -> None:
    for name, value in metrics.items():
        print(f"{name}\t{value:g}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m seq2seq", description="Sequence-to-sequence models with attention.")
    parser.add_argument("--version", action="version", version=seq2seq.__version__)
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name: str, function: object, text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text)
        made.set_defaults(function=function)
        made.add_argument("--set", metavar="KEY=VALUE", action="append", default=[], help="an option")
        return made

    command("translate", _translate, "translate the lines of standard input").add_argument("model")
    train = command("train", _train, "train a model on lines source<TAB>target")
    train.add_argument("pairs")
    train.add_argument("--dev", help="pairs to judge it by")
    train.add_argument("-o", "--output", required=True, help="where the model goes")
    evaluate = command("eval", _evaluate, "judge a model on lines source<TAB>target")
    evaluate.add_argument("model")
    evaluate.add_argument("pairs")
    command("options", _list, "list every option with its default, range and meaning")
    return parser


def main(arguments: Optional[List[str]] = None) -> int:
    parsed = _parser().parse_args(arguments)
    try:
        parsed.function(parsed)
    except (seq2seq.Error, KeyError) as error:
        print(f"seq2seq: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
