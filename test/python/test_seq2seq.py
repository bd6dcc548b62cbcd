# SPDX-License-Identifier: MIT
"""The Python package, by unittest: every function bound, every class used, every failure an exception with a sentence.

    PYTHONPATH=examples/python python3 test/python/test_seq2seq.py
"""
import array
import contextlib
import gc
import inspect
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import unittest
from unittest import mock

import seq2seq
from seq2seq import __main__ as command, _functions, _library

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PYTHON = os.path.join(ROOT, "examples", "python")
sys.path.insert(0, PYTHON)
import bind  # noqa: E402

PAIRS = [("abc", "cba"), ("ab", "ba"), ("c", "c"), ("bca", "acb"), ("cc", "cc"), ("abca", "acba"), ("é", "É")]
TINY = dict(source_tokens="chars", target_tokens="chars", embedding_dim=5, encoder_hidden=3, decoder_hidden=6,
            max_length=9, beam=3, batch_sentences=4, warmup=0, max_epochs=2, dropout=0.1)


def tiny():
    return seq2seq.Model.create(seq2seq.Corpus(PAIRS), **TINY)


class Binding(unittest.TestCase):
    def setUp(self):
        with open(os.path.join(ROOT, "include", "seq2seq.h"), encoding="utf-8") as file:
            self.text = file.read()

    def test_every_exported_function_is_bound(self):
        with open(os.path.join(ROOT, "lib", "seq2seq.map"), encoding="utf-8") as file:
            exported = set(re.findall(r"\b(s2s_\w+);", file.read()))
        self.assertEqual(exported, set(_functions.FUNCTIONS))
        for name in exported:
            function = getattr(_library.lib, name)
            self.assertIs(function._function.restype, _functions.FUNCTIONS[name][0])
            self.assertEqual(function._function.argtypes, _functions.FUNCTIONS[name][1])

    def test_the_table_is_what_the_header_says(self):
        written = io.StringIO()
        bind.Header(self.text).write(written)
        with open(os.path.join(PYTHON, "seq2seq", "_functions.py"), encoding="utf-8") as file:
            self.assertEqual(file.read(), written.getvalue(), "run `make symbols`")

    def test_what_ctypes_cannot_express_is_refused(self):
        for declaration, word in [("int32_t s2s_f(const char *format, ...)", "varargs"),
                                  ("int32_t s2s_f(struct point at)", "struct point"),
                                  ("s2s_model s2s_f(void)", "s2s_model"), ("long s2s_f(void)", "long"),
                                  ("int32_t s2s_f(int32_t (*callback)(void))", "S2S_API")]:
            with self.assertRaisesRegex(ValueError, word):
                bind.Header(self.text + f"\nS2S_API {declaration};\n")

    def test_the_package_uses_every_function(self):
        used = ""
        folder = os.path.join(PYTHON, "seq2seq")
        for name in os.listdir(folder):
            if name.endswith(".py") and name != "_functions.py":
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    used += file.read()
        by_name = {"s2s_" + name + "_free" for name in re.findall(r"_pointer = f\.s2s_(\w+)", used)}
        unused = [n for n in _functions.FUNCTIONS if n not in by_name and not re.search(rf"\b{n}\b", used)]
        # Metrics.get is a dictionary's; numbers go in through __setitem__
        self.assertEqual(sorted(unused), ["s2s_metrics_get"])

    def test_an_older_library_is_refused(self):
        old = mock.Mock(spec=["s2s_version"])
        with self.assertRaisesRegex(ImportError, "older"):
            _library.Library(old)


class Documentation(unittest.TestCase):
    def test_every_public_name_has_its_docstring(self):
        bare = []
        for name in seq2seq.__all__:
            thing = getattr(seq2seq, name)
            if (inspect.isclass(thing) or inspect.isfunction(thing)) and not thing.__doc__:
                bare.append(name)
            for member, value in vars(thing).items() if inspect.isclass(thing) else ():
                value = getattr(value, "__func__", value)
                if not member.startswith("_") and (inspect.isfunction(value) or isinstance(value, property)) and not value.__doc__:
                    bare.append(f"{name}.{member}")
        bare += [f"Handle.{m}" for m, v in vars(_library.Handle).items() if m[0] != "_" and not v.__doc__]
        self.assertEqual(bare, [])

    def test_repr(self):
        model = tiny()
        memory = seq2seq.Encoder(model).encode(["abc", "c"])
        result = model.results(["abc"])
        for thing, expected in [
                (model, r"<Model: rnn to rnn, \d+ parameters in f32>"), (memory, r"<Memory: 2 texts, dim \d+>"),
                (seq2seq.Corpus(PAIRS), "<Corpus: 7 pairs>"), (seq2seq.Options(beam=3), "<Options: beam=3>"),
                (seq2seq.Options(), "<Options: all defaults>"), (seq2seq.Encoder(model), "<Encoder>"),
                (seq2seq.Attention(model), r"<Attention: queries of \d+>"), (result, "<Result: 1 text>"),
                (seq2seq.Decoder(model), r"<Decoder: \d+ bytes>"), (seq2seq.split_document("One. Two."), "<Tokens: 2 of 'One. Two.'>"),
                (seq2seq.split_document("A" * 50), "<Tokens: 1 of 'A{40}'...>"),
                (seq2seq.Trainer(model, seq2seq.Corpus(PAIRS), **TINY), "<Trainer: 0 updates in 0 epochs>"),
                (result[0][0], r"<Hypothesis: '.*', score -\d\.\d{4}>")]:
            self.assertRegex(repr(thing), f"^{expected}$")
        model.close()
        self.assertEqual(repr(model), "<Model: closed>")

    def test_every_status_has_its_exception(self):
        for status, name in ((getattr(_functions, n), n) for n in vars(_functions) if n.startswith("S2S_")):
            if _library.lib.s2s_status_name(status).decode() == name and status != _functions.S2S_OK:
                self.assertIn(_library._kinds[status].__name__, seq2seq.__all__)


class Options(unittest.TestCase):
    def test_mapping(self):
        options = seq2seq.Options(beam=3, encoder_hidden=64, dropout=0.25, encoder_bidirectional=False)
        self.assertEqual([options[k] for k in ("beam", "encoder.hidden", "dropout", "encoder.bidirectional")],
                         ["3", "64", "0.25", "no"])
        options["beam"] = "7"
        del options["dropout"]
        self.assertEqual((options["beam"], options["dropout"]), ("7", "0.3"))
        options.update({"nbest": 2})
        self.assertEqual(dict(options)["nbest"], "2")
        self.assertEqual(len(options), len(seq2seq.option_table()))

    def test_failures(self):
        options = seq2seq.Options()
        with self.assertRaisesRegex(seq2seq.BadOption, "'beam'") as caught:
            options["baem"] = 1
        self.assertEqual(caught.exception.name, "S2S_BAD_OPTION")
        self.assertIsInstance(caught.exception, ValueError)
        for key, value in (("beam", 0), ("beam", 1 << 70), ("dropout", float("nan")), ("beam", "many"), ("be\0am", 1)):
            with self.assertRaises(seq2seq.Error):
                options[key] = value
        with self.assertRaises(KeyError):
            options["bream"]
        with self.assertRaises(TypeError):
            options["beam"] = [1]
        with self.assertRaises(TypeError):
            tiny().translate(["a"], seq2seq.Options(), beam=1)

    def test_tables(self):
        table = {option.name: option for option in seq2seq.option_table()}
        self.assertEqual((table["beam"].type, table["beam"].scope, table["beam"].default), ("int", "decode", "5"))
        self.assertTrue(all(preset.settings for preset in seq2seq.presets()))

    def test_file_and_allocator(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "options")
            with open(path, "w", encoding="utf-8") as file:
                file.write("beam = 9\n")
            options = seq2seq.Options()
            options.load(path)
            self.assertEqual(options["beam"], "9")
        options = seq2seq.Options()
        for unset in (options.set_log, options.set_progress, options.set_allocator):
            unset(None)
        self.assertEqual(len(seq2seq.Corpus(PAIRS, options)), len(PAIRS))
        options.set_allocator(lambda block, old, new: None)
        with self.assertRaises(seq2seq.OutOfMemory) as caught:
            seq2seq.Corpus(options=options)
        self.assertIsInstance(caught.exception, MemoryError)


class Models(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.model = tiny()

    def test_translate(self):
        self.assertIsInstance(self.model.translate("abc"), str)
        texts = ["abc", "", "c", b"ab"]
        self.assertEqual(self.model.translate(texts, beam=1), [self.model.translate(t, beam=1) for t in texts])
        self.assertEqual(self.model.translate([]), [])

    def test_results(self):
        result = self.model.results(["abc", "c"], nbest=2, beam=3)
        self.assertEqual([len(hypotheses) for hypotheses in result], [2, 2])
        best = result[0][0]
        self.assertGreaterEqual(best.score, result[0][1].score)
        self.assertLess(best.log_probability, 0)
        self.assertEqual(best.alignment.shape[1], 3)
        self.assertAlmostEqual(sum(best.alignment.tolist()[0]), 1, places=5)
        self.assertEqual(result[-1], result[1])
        self.assertEqual((best.ending, list(best.token_scores)), (result.ending(0), result.token_scores(0, 0)))
        self.assertAlmostEqual(sum(best.token_scores), best.log_probability, places=4)
        self.assertEqual((list(best.links), len(best.links)), (result.links(0, 0), len(best.text)))
        self.assertEqual(result.links(-1, -1), result.links(1, 1))
        for beyond in (lambda: result[2], lambda: result.token_scores(2), lambda: result.token_scores(0, 2),
                       lambda: result.ending(99), lambda: result.links(0, -3), lambda: result.range(0, 0, 99),
                       lambda: result.copied(-3, 0)):
            with self.assertRaisesRegex(IndexError, r"there is no (text|hypothesis|token) -?\d+ among \d+"):
                beyond()

    def test_documents(self):
        text = "abc. Ab c.\n\nCc.\n"
        sentences = self.model.split_document(text)
        self.assertEqual([s.text for s in sentences], ["abc.", "Ab c.", "Cc."])
        self.assertEqual(text.encode()[sentences[1].begin:sentences[1].end], b"Ab c.")
        self.assertTrue(self.model.translate_document(text).endswith("\n"))
        self.assertEqual(len(seq2seq.split_document("One. Two.")), 2)

    def test_files(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "m.safetensors")
            self.model.save(path)
            with open(path, "rb") as file:
                data = file.read()
            with open(path, "rb") as file:
                loaded = [seq2seq.Model.load(path), seq2seq.Model.loads(data), seq2seq.Model.loads(bytearray(data)),
                          seq2seq.Model.loads(memoryview(data)), seq2seq.Model.read(file)]
            for model in loaded:
                self.assertEqual(model.translate("abc"), self.model.translate("abc"))
            with self.assertRaises(seq2seq.BadFile):
                seq2seq.Model.loads(data[:100])
            with self.assertRaises(seq2seq.BadFile):
                seq2seq.Model.loads(b"")
            copy = tiny()
            copy.load_parameters(path)
            with self.assertRaisesRegex(seq2seq.FileError, "nowhere") as caught:
                seq2seq.Model.load(os.path.join(folder, "nowhere"))
            self.assertIsInstance(caught.exception, OSError)

    def test_a_reader_that_raises(self):
        class Broken(io.RawIOBase):
            def read(self, size=-1):
                raise RuntimeError("mine")
        with self.assertRaisesRegex(RuntimeError, "mine"):
            seq2seq.Model.read(Broken())
        self.assertIsInstance(self.model.translate("a"), str)

    def test_parameters(self):
        model = tiny()
        name, shape = next(iter(model.parameters().items()))
        values = model.parameter(name)
        self.assertEqual(values.shape, shape)
        changed = array.array("f", values.cast("B").cast("f").tolist())
        changed[0] = 0.5
        model.set_parameter(name, changed)
        self.assertEqual(model.parameter(name).tolist(), memoryview(changed).cast("B").cast("f", list(shape)).tolist())
        model.set_parameter(name, list(changed))
        for bad in ([1.0], array.array("f", [float("nan")] * len(changed))):
            with self.assertRaises(seq2seq.BadArgument):
                model.set_parameter(name, bad)
        with self.assertRaises(TypeError):
            model.set_parameter(name, array.array("d", changed))
        with self.assertRaisesRegex(seq2seq.BadArgument, "no parameter"):
            model.parameter("nothing")
        model.translate("a")
        with self.assertRaises(seq2seq.Busy) as caught:
            model.set_parameter(name, changed)
        self.assertEqual(caught.exception.name, "S2S_BUSY")

    def test_what_it_is(self):
        self.assertEqual(self.model["encoder.hidden"], "3")
        self.assertEqual(self.model.vocabulary(seq2seq.SOURCE)[:3], ["<unk>", "<s>", "</s>"])
        with self.assertRaises(seq2seq.BadOption):
            self.model["nothing"]
        with self.assertRaisesRegex(seq2seq.BadArgument, "side"):
            self.model.vocabulary(2)

    def test_ensemble_and_extend(self):
        self.assertEqual(seq2seq.Model.ensemble([self.model, self.model]).translate("ab"), self.model.translate("ab"))
        with self.assertRaises(seq2seq.BadArgument):
            seq2seq.Model.ensemble([])
        more = self.model.extend(seq2seq.Corpus([("xyz", "zyx")]))
        self.assertIn("x", more.vocabulary(seq2seq.SOURCE))

    def test_quantize(self):
        small = self.model.quantize()
        self.assertEqual(small["weights"], "int8")
        self.assertEqual(self.model.quantize("f16")["weights"], "f16")
        with self.assertRaises(seq2seq.BadOption):
            self.model.quantize("int4")

    def test_shortlist(self):
        fast = self.model.shortlist(seq2seq.Corpus(PAIRS), shortlist_best=3)
        self.assertEqual(self.model["shortlist"], "0")
        self.assertGreater(int(fast["shortlist"]), 2)
        self.assertIsInstance(fast.translate(PAIRS[0][0], shortlist=True), str)
        with self.assertRaises(seq2seq.BadOption):
            self.model.translate(PAIRS[0][0], shortlist=True)

    def test_evaluate(self):
        metrics = self.model.evaluate(seq2seq.Corpus(PAIRS))
        self.assertEqual(metrics["lines"], len(PAIRS))
        self.assertEqual(metrics.lines, metrics["lines"])
        with self.assertRaises(AttributeError):
            metrics.nothing

    def test_threads_share_a_model(self):
        alone, found = self.model.translate(["abc", "ca"]), []
        threads = [threading.Thread(target=lambda: found.append(self.model.translate(["abc", "ca"]))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(found, [alone] * 4)


class Misuse(unittest.TestCase):
    def test_closed(self):
        with tiny() as model:
            encoder = seq2seq.Encoder(model)
        self.assertTrue(model.closed)
        model.close()
        with self.assertRaisesRegex(seq2seq.BadArgument, "Model is closed"):
            model.translate("a")
        self.assertEqual(len(encoder.encode(["a"])), 1)  # it keeps what it needs of the model

    def test_the_wrong_kind(self):
        model = tiny()
        for wrong in (seq2seq.Corpus(), seq2seq.Options(), 1, "model", object()):
            with self.assertRaisesRegex(TypeError, "s2s_model is needed here"):
                seq2seq.Encoder(wrong)
        with self.assertRaises(TypeError):
            model.translate(5)
        with self.assertRaises(TypeError):
            model.translate([5])
        with self.assertRaises(seq2seq.BadText):
            model.translate(b"\xff")
        with self.assertRaises(seq2seq.BadText):
            model.translate("\ud800")
        with self.assertRaises(seq2seq.BadArgument):
            seq2seq.Encoder(None)

    def test_any_order_of_freeing(self):
        model = tiny()
        memory = seq2seq.Encoder(model).encode(["abc"])
        result = seq2seq.Decoder(model).decode(memory)
        before = result.texts()
        del model, memory
        gc.collect()
        self.assertEqual(result.texts(), before)


class Parts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.model = tiny()
        cls.memory = seq2seq.Encoder(cls.model).encode(["abc", "c"])

    def test_memory(self):
        self.assertEqual((len(self.memory), self.memory.states(0).shape), (2, (3, self.memory.dim)))
        ids = [self.memory.tokens(0), self.memory.tokens(1)]
        again = seq2seq.Encoder(self.model).encode_ids(ids)
        self.assertEqual(again.states(1).tolist(), self.memory.states(1).tolist())
        self.assertEqual(self.memory.tokens(-1), self.memory.tokens(1))
        for beyond in (lambda: self.memory.states(2), lambda: self.memory.tokens(2), lambda: self.memory.text(-3),
                       lambda: self.memory.range(0, 3), lambda: self.memory.copied(2, 0)):
            with self.assertRaisesRegex(IndexError, "there is no"):
                beyond()
        self.assertEqual(list(seq2seq.Encoder(self.model).encode([""]).states(0)), [])
        with self.assertRaisesRegex(seq2seq.BadArgument, "99"):
            seq2seq.Encoder(self.model).encode_ids([[99]])

    def test_attention(self):
        attention = seq2seq.Attention(self.model)
        weights, contexts = attention.attend(self.memory, 0, [0.0] * 2 * attention.query_dim)
        self.assertEqual((weights.shape, contexts.shape), ((2, 3), (2, self.memory.dim)))
        self.assertAlmostEqual(sum(weights.tolist()[1]), 1, places=5)
        with self.assertRaises(seq2seq.BadArgument):
            attention.attend(self.memory, 0, [0.0])
        with self.assertRaises(IndexError):
            attention.attend(self.memory, 7, [0.0] * attention.query_dim)

    def test_decoder(self):
        decoder = seq2seq.Decoder(self.model, beam=1)
        self.assertEqual(decoder.decode(self.memory).texts(), self.model.translate(["abc", "c"], beam=1))
        with self.assertRaises(seq2seq.BadArgument):
            seq2seq.Decoder(self.model).step([1], [0])
        for tokens, parents in ([2**32 + 1], [0]), ([1], [2**32]):
            with self.assertRaises(seq2seq.BadArgument):
                seq2seq.Decoder(self.model).step(tokens, parents)
        decoder.start(self.memory)
        scores = decoder.step([1, 1], [0, 1])
        self.assertEqual(scores.shape, (2, len(self.model.vocabulary(seq2seq.TARGET))))
        for tokens, parents in (([1], [0, 0]), ([99], [0]), ([3], [5])):
            with self.assertRaises(seq2seq.BadArgument):
                decoder.step(tokens, parents)
        copy = decoder.copy()
        self.assertEqual((len(decoder.attention(0)), decoder.attention(-2)), (3, decoder.attention(0)))
        weights, _ = seq2seq.Attention(self.model).attend(self.memory, 0, decoder.query(0))
        for looked, found in zip(decoder.attention(0), weights.tolist()[0]):
            self.assertAlmostEqual(looked, found, places=5)
        self.assertEqual((len(copy.step([3, 3], [0, 1])), len(copy.query(1))), (2, len(decoder.query(1))))
        for beyond in (lambda: decoder.attention(99), lambda: decoder.query(2), lambda: seq2seq.Decoder(self.model).query(0),
                       lambda: decoder.copy().attention(0)):
            with self.assertRaisesRegex(IndexError, "there is no row of the last step"):
                beyond()
        grown = []
        decoder.on_token(lambda *a: grown.append(a))
        decoder.set_prefixes(["c", "ab"])
        prefixed = decoder.decode(self.memory).texts()
        self.assertEqual((prefixed[0][:1], prefixed[1][:2]), ("c", "ab"))
        self.assertIn((0, prefixed[0], prefixed[0], True), grown)
        decoder.on_token(lambda *a: 1 / 0)
        with self.assertRaises(ZeroDivisionError):
            decoder.decode(self.memory)
        decoder.on_token(None)
        held, peak = decoder.memory()
        self.assertTrue(0 < held <= peak)
        decoder.cancel()
        with self.assertRaises(seq2seq.Cancelled):
            decoder.decode(self.memory)
        decoder.cancel()
        decoder.clear_cancel()
        self.assertEqual(len(decoder.decode(self.memory)), 2)
        with self.assertRaises(IndexError):  # decode has ended the steps
            decoder.attention(0)

    def test_busy(self):
        decoder = seq2seq.Decoder(self.model)
        decoder.on_token(lambda *_: decoder.decode(self.memory))
        with self.assertRaises(seq2seq.Busy):
            decoder.decode(self.memory)
        decoder.on_token(None)
        self.assertEqual(len(decoder.decode(self.memory)), 2)

    def test_without_attention(self):
        model = seq2seq.Model.create(seq2seq.Corpus(PAIRS), attention_type="none", **TINY)
        with self.assertRaises(seq2seq.Unsupported):
            seq2seq.Attention(model)
        decoder = seq2seq.Decoder(model)
        decoder.start(seq2seq.Encoder(model).encode(["ab"]))
        decoder.step([1], [0])
        self.assertEqual((list(decoder.query(0)), decoder.attention(0)), ([], []))

    def test_score(self):
        scored = self.model.score(["abc", "c"], ["cba", "c"])
        scores = scored.token_scores(0)
        self.assertAlmostEqual(sum(scores), scored[0][0].log_probability, places=4)
        self.assertEqual((len(scores), scored.ending(0), scored.range(0, 0, 1)), (4, seq2seq.ENDED, (1, 2)))
        for link in scored.links(0):
            self.assertEqual(self.memory.range(0, link.source), link.source_bytes)
        self.assertEqual((len(scored.links(0)), self.memory.text(0)), (3, "abc"))
        with self.assertRaises(seq2seq.BadArgument):
            self.model.score(["a"], [])

    def test_segmenter(self):
        words = seq2seq.Segmenter(seq2seq.SOURCE, source_tokens="words")
        tokens = words.segment("one two")
        self.assertEqual([tuple(token) for token in tokens], [("one", 0, 3), ("two", 4, 7)])
        self.assertEqual((words.join(list(tokens)), tokens.text), ("one two", "one two"))
        self.assertEqual(len(seq2seq.Segmenter.of(self.model, seq2seq.SOURCE).segment("abc")), 3)
        pieces = seq2seq.Segmenter(seq2seq.SOURCE, ["low lower lowest"] * 3, source_tokens="bpe:20")
        with tempfile.TemporaryDirectory() as folder:
            pieces.save(os.path.join(folder, "pieces"))
            again = seq2seq.Segmenter(seq2seq.SOURCE, source_tokens="spm:" + os.path.join(folder, "pieces"))
            self.assertEqual(list(again.segment("lower")), list(pieces.segment("lower")))
        with self.assertRaises(seq2seq.Error):
            words.save("x")


class Training(unittest.TestCase):
    def setUp(self):
        self.corpus = seq2seq.Corpus(PAIRS)
        self.start = tiny()

    def trainer(self, **more):
        return seq2seq.Trainer(self.start, self.corpus, self.corpus, **{**TINY, **more})

    def test_corpus(self):
        self.assertEqual((len(self.corpus), self.corpus[1], list(self.corpus)[-1]), (7, ("ab", "ba"), ("é", "É")))
        with self.assertRaises(seq2seq.BadText):
            self.corpus.add("a", "")
        with tempfile.TemporaryDirectory() as folder:
            paths = [os.path.join(folder, name) for name in ("pairs", "side")]
            for path, text in zip(paths, ("a\tb\n", "a\nb\n")):
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
            self.assertEqual(list(seq2seq.Corpus.load(paths[0])), [("a", "b")])
            self.assertEqual(len(seq2seq.Corpus.load(paths[1], paths[1])), 2)

    def test_run_reports_and_gives_a_model(self):
        events = []
        metrics = self.trainer(progress=lambda *event: events.append(event), log=lambda *_: None).run()
        self.assertEqual(metrics.epochs, 2)
        self.assertIn(seq2seq.PROGRESS_EVALUATED, [event for event, _, _ in events])

    def test_steps(self):
        trainer = self.trainer()
        losses = [loss for loss, _ in zip(trainer, range(3))]
        self.assertEqual((len(losses), trainer.metrics.updates >= 3), (3, True))
        self.assertIn("dev_bleu", trainer.evaluate())
        self.assertIsInstance(trainer.model().translate("ab"), str)

    def test_resume_is_the_same(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "checkpoint")
            trainer = self.trainer()
            trainer.step()
            trainer.save(path)
            again = seq2seq.Trainer.resume(path, self.corpus, self.corpus)
            self.assertEqual(again.step(), trainer.step())
            with self.assertRaises(seq2seq.BadArgument):
                seq2seq.Trainer.resume(path, seq2seq.Corpus(PAIRS[:3]), self.corpus)

    def test_stopping(self):
        with self.assertRaises(seq2seq.Cancelled):
            self.trainer(progress=lambda *_: True).run()
        def broken(*_):
            raise ZeroDivisionError("mine")
        with self.assertRaisesRegex(ZeroDivisionError, "mine"):
            self.trainer(progress=broken).run()
        trainer = self.trainer()
        trainer.cancel()
        with self.assertRaises(seq2seq.Cancelled):
            trainer.step()
        trainer.cancel()
        trainer.clear_cancel()
        self.assertGreater(trainer.step(), 0)

    def test_allreduce(self):
        trainer, sums = self.trainer(), []
        trainer.set_allreduce(lambda values: sums.append(len(values)), 0, 1)
        trainer.step()
        with self.assertRaises(seq2seq.BadArgument):
            self.trainer().set_allreduce(lambda values: None, 5, 2)

    def test_metrics(self):
        self.assertEqual(seq2seq.metric_texts(["a b c d"], [["a b c d"]]).bleu, 100)
        self.assertGreater(seq2seq.metric_texts(["a b"], [["x"], ["a b"]]).chrf, 99)
        compared = seq2seq.metric_compare(["a b"], ["a c"], [["a b"]], bootstrap_samples=40)
        self.assertLess(compared["token_error_rate_difference"], 0)
        with self.assertRaises(seq2seq.BadArgument):
            seq2seq.metric_texts(["a"], [["a", "b"]])
        with self.assertRaises(seq2seq.BadArgument):
            seq2seq.metric_texts([], [])
        with self.assertRaises(seq2seq.BadArgument):
            seq2seq.metric_compare(["a"], [], [["a"]])


class Command(unittest.TestCase):
    def run_command(self, *arguments, given=""):
        out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n"), io.StringIO()
        stdin = io.TextIOWrapper(io.BytesIO(given.encode()), encoding="utf-8")
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), mock.patch("sys.stdin", stdin):
            try:
                status = command.main(list(arguments))
            except SystemExit as wrong_usage:
                status = wrong_usage.code
        out.flush()
        return status, out.buffer.getvalue().decode(), err.getvalue()

    def test_train_evaluate_translate(self):
        with tempfile.TemporaryDirectory() as folder:
            pairs, model = os.path.join(folder, "pairs"), os.path.join(folder, "model")
            with open(pairs, "w", encoding="utf-8") as file:
                file.writelines(f"{source}\t{target}\n" for source, target in PAIRS)
            settings = [part for key, value in TINY.items() for part in ("--" + key.replace("_", "-"), str(value))]
            self.assertEqual(self.run_command("train", "--train", pairs, "--dev", pairs, "-o", model, *settings)[0], 0)
            self.assertRegex(self.run_command("eval", "-m", model, "--data", pairs)[1], r"(?m)^bleu\t\d")
            self.like_the_command(model, os.path.join(folder, "prefixes"))
            self.refused(model)

    def like_the_command(self, model, prefixes):
        """The answers are those of the command in C, for the same flags."""
        program = os.path.join(ROOT, "build", "seq2seq")
        if not os.path.exists(program):
            self.skipTest("no build/seq2seq")
        with open(prefixes, "w", encoding="utf-8") as file:
            file.write("c\n\na\na")
        given = "\ufeffabc\nc\r\n\nbca"
        for flags in (["--beam", "1"], ["--nbest=3", "--alignment"], ["--alignment"], ["--batch", "2", "--prefixes", prefixes],
                      ["--json", "--alignment", "--nbest", "2"], ["--document"], ["-m", model, "-m", model, "--json"]):
            flags = ["translate", *(() if "-m" in flags else ("--model", model)), *flags]
            expected = subprocess.run([program, *flags], input=given.encode(), capture_output=True)
            status, out, err = self.run_command(*flags, given=given)
            self.assertEqual((status, expected.returncode), (0, 0), (flags, err, expected.stderr))
            if "--json" in flags:
                read = lambda text: [json.loads(line) for line in text.splitlines()]
                self.assertEqual(read(out), read(expected.stdout.decode()))
            else:
                self.assertEqual(out, expected.stdout.decode())

    def refused(self, model):
        for flags, status, word in ((["--beam", "0"], 1, "beam"), (["--baem", "1"], 2, "--baem"), (["--batch", "0"], 2, "batch"),
                                    (["-i", "nowhere"], 1, "nowhere"), (["--prefixes", os.devnull], 1, "fewer lines"),
                                    (["--config", "nowhere"], 1, "nowhere"), (["--max-source-length", "2"], 1, "line 2:")):
            found, out, err = self.run_command("translate", "-m", model, *flags, given="a\nabc\n")
            self.assertEqual((found, word in err), (status, True), err)
            self.assertEqual(out.count("\n"), 1 if word == "line 2:" else 0)

    def test_options_and_failures(self):
        self.assertIn("\nbeam\t5\t1..1024\t", self.run_command("options")[1])
        status, _, err = self.run_command("translate", "-m", "nowhere")
        self.assertEqual((status, "nowhere" in err), (1, True))

    def test_as_a_module(self):
        done = subprocess.run([sys.executable, "-m", "seq2seq", "--version"], capture_output=True, text=True,
                              env={**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(seq2seq.__file__))})
        self.assertEqual(done.stdout.strip(), seq2seq.__version__, done.stderr)


if __name__ == "__main__":
    unittest.main()
