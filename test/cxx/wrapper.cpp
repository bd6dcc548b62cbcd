/* SPDX-License-Identifier: MIT
 *
 * The C++ wrapper: each call does what its C function does, failures throw the library's sentence, handles move, and
 * what a callback throws comes out of the call. Written by test/cxx.sh for each compiler; speaks TAP.
 */
#include <seq2seq.hpp>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

static int run = 0, failures = 0;
static const std::string folder = std::getenv("TEST_TMP") ? std::getenv("TEST_TMP") : "build/tmp";

static void ok(bool held, const char *name) {
  failures += !held;
  std::printf("%sok %d - %s\n", held ? "" : "not ", ++run, name);
}

/* The call throws s2s::error with this status, and its sentence has the word. */
template <class Call> static void throws(std::int32_t status, const char *word, Call &&call, const char *name) {
  try {
    call();
    ok(false, name);
  } catch (const s2s::error &e) {
    ok(e.status() == status && std::strstr(e.what(), word), name);
    if (e.status() != status || !std::strstr(e.what(), word)) std::printf("# %s: %s\n", e.name(), e.what());
  }
}

static s2s::options tiny() {
  s2s::options o{{"source.tokens", "chars"},
                 {"target.tokens", std::string("chars")},
                 {"embedding.dim", 5},
                 {"encoder.hidden", 3},
                 {"decoder.hidden", 6u},
                 {"max_length", 9},
                 {"beam", 3L},
                 {"batch_sentences", 4},
                 {"warmup", 0},
                 {"max_epochs", 2},
                 {"dropout", 0.1},
                 {"encoder.bidirectional", true}};
  return o;
}

static s2s::corpus pairs(const s2s::options &o = {}) {
  s2s::corpus corpus(o);
  for (const auto &[source, target] : {std::pair{"abc", "cba"}, {"ab", "ba"}, {"c", "c"}, {"bca", "acb"}, {"cc", "cc"}})
    corpus.add(source, target);
  return corpus;
}

static void test_version_and_options() {
  ok(s2s::version().size() >= 5 && s2s::abi_version() >= 0, "the library has a version");
  ok(s2s::status_name(S2S_BAD_FILE) == "S2S_BAD_FILE", "a status has a name");
  s2s::options o = tiny();
  ok(o.get("dropout") == "0.1" && o.get("encoder.bidirectional") == "yes" && o.get("beam") == "3",
     "options are set from numbers, truths and texts");
  o.set("beam", 7).set_int("nbest", 2).set_real("dropout", 0.25).reset("beam");
  ok(o.get("beam") == "5" && o.get("nbest") == "2" && o.get("dropout") == "0.25", "and one after another");
  throws(
      S2S_BAD_OPTION, "'beam'", [&] { o.set("baem", 7); }, "an unknown key throws, and names the nearest");
  throws(
      S2S_BAD_OPTION, "1..1024",
      [] {
        s2s::options bad{{"beam", 0}};
      },
      "a value out of range throws");
  throws(
      S2S_BAD_ARGUMENT, "NUL", [&] { o.set(std::string_view("be\0am", 5), 7); }, "a key with NUL inside throws");
  const std::string path = folder + "/options";
  std::ofstream(path) << "beam = 9\n";
  ok(o.load(path).get("beam") == "9", "options are read from a file");
  ok(s2s::error_message().size() > 0, "the message stays");
  bool all = s2s::option_count() > 20, named = s2s::preset_count() > 0;
  for (std::size_t i = 0; i < s2s::option_count(); i++)
    all = all && !s2s::option_name(i).empty() && !s2s::option_help(i).empty() && !s2s::option_range(i).empty() &&
          s2s::option_type(i) >= 0 && s2s::option_scope(i) >= 0 && s2s::option_default(i).data();
  for (std::size_t i = 0; i < s2s::preset_count(); i++)
    named = named && !s2s::preset_name(i).empty() && !s2s::preset_settings(i).empty();
  ok(all && s2s::option_name(s2s::option_count()).empty(),
     "the table of options can be read, and past its end it is empty");
  ok(named && s2s::preset_pairs(s2s::preset_count()) == 0, "so can the presets");
}

static std::string bytes_of(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

static void test_models(const s2s::model &model, const s2s::corpus &corpus) {
  const std::string path = folder + "/model";
  model.save(path);
  const std::string bytes = bytes_of(path);
  ok(s2s::model::load(path).get("encoder.hidden") == "3", "a model is saved and loaded");
  ok(s2s::model::load_buffer(bytes).get("decoder.hidden") == "6", "loaded from memory");
  std::size_t at = 0;
  auto reader = [&](void *to, std::size_t size) {
    size = bytes.copy(static_cast<char *>(to), size, at);
    at += size;
    return size;
  };
  s2s::model read = s2s::model::load_reader(reader);
  ok(read.get("format") == "1" && at == bytes.size(), "and from a callable");
  throws(
      S2S_IO, "nowhere", [] { s2s::model::load("build/nowhere"); }, "a file that is not there throws");
  throws(
      S2S_BAD_FILE, "", [&] { s2s::model::load_buffer(bytes.data(), 40); }, "one that is cut throws");
  try {
    s2s::model::load_reader([](void *, std::size_t) -> std::size_t { throw std::runtime_error("mine"); });
    ok(false, "what a reader throws comes out");
  } catch (const std::runtime_error &e) {
    ok(std::string(e.what()) == "mine", "what a reader throws comes out");
  }
  ok(model.vocabulary_size(S2S_SOURCE) > 3 && model.token(S2S_TARGET, 0) == "<unk>" && model.token(9, 9).empty(),
     "vocabularies can be read");
  const std::vector<std::size_t> shape = read.parameter_shape(0);
  std::vector<float> values = read.parameter_read(0);
  ok(shape.size() == 2 && values.size() == shape[0] * shape[1] && values.size() == read.parameter_size(0) &&
         !read.parameter_name(0).empty() && read.parameter_count() > 4,
     "so can parameters");
  values[0] = 0.5F;
  read.parameter_write(0, values);
  ok(read.parameter_read(0)[0] == 0.5F, "and written");
  read.load_parameters(path);
  ok(read.parameter_read(0) == model.parameter_read(0), "and loaded");
  s2s::model pair = s2s::model::ensemble({&model, &read});
  ok(pair.translate({"ab"}).text(0) == model.translate({"ab"}).text(0), "two equal models as one say the same");
  ok(model.quantize().get("weights") == "int8", "a model in eight bits is another");
  ok(model.get("shortlist") == "0" && model.shortlist(corpus).get("shortlist") != "0", "so is one with a shortlist");
  s2s::corpus more;
  ok(model.extend(more.add("xyz", "zyx")).vocabulary_size(S2S_SOURCE) == model.vocabulary_size(S2S_SOURCE) + 3,
     "a model is extended");
  ok(model.evaluate(corpus)["lines"] == 5, "and evaluated");
}

static void test_handles(s2s::model model) {
  s2s::model other = std::move(model);
  ok(other && !model, "a handle is moved"); /* NOLINT: what moving leaves is promised */
  throws(
      S2S_BAD_ARGUMENT, "model is NULL", [&] { model.translate({"a"}); }, "one that was moved from throws");
  s2s_model *raw = other.release();
  ok(!other && s2s::model(raw).get() == raw, "a C handle is given away, and taken over");
  static_assert(!std::is_copy_constructible_v<s2s::model> && !std::is_copy_assignable_v<s2s::options>);
  static_assert(std::is_nothrow_move_constructible_v<s2s::model> && std::is_move_assignable_v<s2s::trainer>);
}

/* What was moved from is an error wherever C would take NULL for something else. */
static void test_moved(const s2s::model &model, const s2s::corpus &corpus) {
  s2s::options o = tiny(), kept = std::move(o);
  s2s::corpus dev = pairs(), taken = std::move(dev);
  s2s::model gone;
  const char *word = "options were moved from";
  throws(
      S2S_BAD_ARGUMENT, word, [&] { model.translate({"a"}, o); }, "moved options do not translate"); /* NOLINT */
  throws(
      S2S_BAD_ARGUMENT, word, [&] { s2s::decoder decoder(model, o); }, "nor make a decoder");
  throws(
      S2S_BAD_ARGUMENT, word, [&] { s2s::corpus empty(o); }, "nor a corpus");
  throws(
      S2S_BAD_ARGUMENT, word, [&] { s2s::metric_texts({"a"}, {s2s::texts{"a"}}, o); }, "nor metrics");
  throws(
      S2S_BAD_ARGUMENT, word, [&] { s2s::split_document("a", o); }, "nor split a document");
  throws(
      S2S_BAD_ARGUMENT, "`dev` was moved from", [&] { s2s::trainer trainer(model, corpus, dev, kept); },
      "a moved dev set does not train");
  throws(
      S2S_BAD_ARGUMENT, "`dev` was moved from", [&] { s2s::trainer::resume("x", corpus, dev); }, "nor goes on");
  throws(
      S2S_BAD_ARGUMENT, "model is NULL", [&] { gone.split_document("a"); }, "no model is not taken for none wanted");
  ok(model.translate("abc", {}) == model.translate({"abc"}).text(0), "{} stands for all defaults");
}

static void test_release(const s2s::model &model, const s2s::corpus &corpus) {
  const std::string long_enough(100, 'x'); /* a callable with memory of its own, which is gone when it is */
  auto on_token = [long_enough](std::size_t, std::string_view, std::size_t, bool) { return long_enough.size() != 100; };
  auto decoder = std::make_unique<s2s::decoder>(model);
  decoder->on_token(on_token);
  s2s::memory memory = s2s::encoder(model).encode({"abc"});
  s2s_decoder *raw = decoder->release();
  decoder.reset();
  ok(s2s::decoder(raw).decode(memory).count() == 1, "a released decoder calls nothing that is gone");
  s2s::decoder busy(model);
  busy.on_token([&](std::size_t, std::string_view, std::size_t, bool) { return busy.release() == nullptr; });
  throws(
      S2S_BUSY, "", [&] { busy.decode(memory); }, "one that works is not released");
  busy.on_token(nullptr);
  ok(busy && busy.decode(memory).count() == 1, "and is still there");
  s2s::options o = tiny();
  int calls = 0;
  o.set_log([&](std::int32_t, std::string_view) { calls++; });
  o.set_progress([&](std::int32_t, std::int64_t, std::int64_t) { return calls++, 0; });
  s2s::decoder reporting(model, o);
  s2s::trainer trainer(model, corpus, o), summed(model, corpus, tiny()), plain(model, corpus, tiny());
  summed.set_allreduce([](s2s::span<float>) {}, 0, 1);
  throws(
      S2S_BUSY, "release", [&] { reporting.release(); }, "a decoder with a progress function is not released");
  throws(
      S2S_BUSY, "release", [&] { trainer.release(); }, "nor a trainer");
  throws(
      S2S_BUSY, "release", [&] { summed.release(); }, "nor one with an allreduce");
  ok(reporting && trainer && summed && s2s::trainer(plain.release()), "one without is, and those are still there");
  calls = 0; /* but for what the trainer said of its options */
  s2s_options *bare = o.release();
  s2s_result *result = nullptr;
  const char *texts[] = {"abc"};
  ok(s2s_translate(model.get(), bare, texts, nullptr, 1, &result) == S2S_OK && calls == 0 && !o,
     "options are released without log and progress");
  s2s_result_free(result);
  s2s_options_free(bare);
}

static void test_loops(const s2s::model &model) {
  const std::vector<std::string> several = {"abc", "", "c"};
  s2s::result result = model.translate(several);
  std::string joined, expected;
  for (auto &&text : result) joined += std::string(text) + '|';
  for (std::size_t i = 0; i < 3; i++) expected += std::string(result.text(i)) + '|';
  ok(joined == expected, "a loop goes through the best texts of a result");
  ok(std::vector<std::string_view>(result.begin(), result.end())[2] == result[2], "a container takes them");
  const s2s::texts given(several);
  ok(std::vector<std::string>(given.begin(), given.end()) == several && given[2] == "c", "through texts");
  s2s::tokens sentences = s2s::split_document("One. Two.");
  ok(std::vector<std::string>(sentences.begin(), sentences.end())[1] == "Two.", "and through tokens");
  ok(model.translate(result).count() == 3 && model.translate(sentences).count() == 2, "results and tokens go in again");
  const std::string one = model.translate("abc"), same = model.translate(several[0], {{"beam", 5}});
  ok(one == result[0] && same == one && model.translate(std::string_view("c")) == result[2], "one text gives one");
  throws(
      S2S_BAD_TEXT, "UTF-8", [&] { model.translate("\xff"); }, "or throws");
}

static void test_results(const s2s::model &model) {
  const std::vector<std::string> several = {"abc", "", "c"};
  s2s::result result = model.translate(several, {{"nbest", 2}, {"beam", 3}});
  ok(result.count() == 3 && result.hypotheses(0) == 2 && result.score(0, 0) >= result.score(0, 1), "texts have n best");
  ok(result.log_probability(0) < 0 && result.tokens(0).size() < 10 && result.text(9).empty(), "with their figures");
  const s2s::matrix weights = result.alignment(0);
  float sum = 0;
  for (float weight : weights[0]) sum += weight;
  ok(weights && weights.columns == 3 && sum > 0.99F && sum < 1.01F, "and what the decoder looked at");
  ok(model.translate({}).count() == 0, "no texts give no result");
  throws(
      S2S_BAD_TEXT, "text 1",
      [&] {
        model.translate({"a", "\xff"});
      },
      "bad UTF-8 throws");
  ok(model.translate_document("abc. Ab.\n").count() == model.split_document("abc. Ab.\n").count(), "documents");
  ok(s2s::split_document("One. Two.").count() == 2 && s2s::split_document("One. Two.").range(1).first == 5,
     "without a model");
}

static void test_parts(const s2s::model &model) {
  s2s::encoder encoder(model);
  s2s::memory memory = encoder.encode({"abc", "c"});
  ok(memory.count() == 2 && memory.states(0).rows == 3 && memory.states(0).columns == memory.dim(), "states");
  const s2s::span<const std::int32_t> ids = memory.tokens(0);
  const std::array<std::size_t, 1> lengths = {3};
  ok(encoder.encode_ids(ids, lengths).states(0)[2][0] == memory.states(0)[2][0], "ids encode as their text does");
  s2s::attention attention(model);
  std::vector<float> query(attention.query_dim() * 2);
  auto found = attention.attend(memory, 0, query);
  ok(found.weights.size() == 6 && found.contexts.size() == 2 * memory.dim(), "two queries have weights and contexts");
  throws(
      S2S_BAD_ARGUMENT, "queries",
      [&] {
        attention.attend(memory, 0, {query.data(), 3});
      },
      "half a query throws");
  s2s::decoder decoder(model, {{"beam", 1}});
  ok(decoder.decode(memory).text(0) == model.translate({"abc"}, {{"beam", 1}}).text(0), "a decoder decodes");
  decoder.start(memory);
  const std::array<std::int32_t, 2> begin = {1, 1}, parents = {0, 1};
  ok(decoder.step(begin, parents).columns == model.vocabulary_size(S2S_TARGET), "or step by step");
  s2s::decoder other = decoder.copy();
  ok(decoder.attention(1).size() == memory.tokens(1).size() && other.step(parents, parents).rows == 2, "and copied");
  const s2s::span<const float> asked = decoder.query(1);
  const std::vector<float> weights = attention.attend(memory, 1, asked).weights;
  float apart = 0;
  for (std::size_t i = 0; i < weights.size(); i++) apart += std::abs(weights[i] - decoder.attention(1)[i]);
  ok(asked.size() == attention.query_dim() && apart < 1e-5F && decoder.query(2).empty(), "a row's query can be read");
  std::string grown;
  decoder.on_token([&](std::size_t sequence, std::string_view text, std::size_t settled, bool done) {
    return grown = text, sequence == 0 && done && settled != text.size();
  });
  decoder.set_prefixes({"c", "a"});
  s2s::result prefixed = decoder.decode(memory);
  ok(grown.size() && prefixed.text(0).substr(0, 1) == "c" && prefixed.text(1).substr(0, 1) == "a",
     "with prefixes, and as the text grows");
  decoder.on_token(
      [](std::size_t, std::string_view, std::size_t, bool) -> std::int32_t { throw std::logic_error("s"); });
  try {
    decoder.decode(memory);
    ok(false, "what a token callback throws comes out of the call");
  } catch (const std::logic_error &) {
    ok(true, "what a token callback throws comes out of the call");
  }
  s2s::result scored = model.score({"abc"}, {"cba"});
  const auto link = scored.link(0, 0, 1);
  ok(scored.token_scores(0).size() == 4 && scored.ending(0) == S2S_ENDING_MARK && scored.links(0) == 3, "a pair is scored");
  ok(link.target.number == 1 && link.target.begin == 1 && scored.range(0, 0, 1).second == 2 &&
         memory.range(0, link.source.number).first == link.source.begin && memory.text(0) == "abc",
     "and aligned");
  throws(
      S2S_BAD_ARGUMENT, "targets", [&] { model.score({"a"}, {}); }, "but not halves of pairs");
  ok(decoder.memory_held() > 0 && decoder.memory_peak() >= decoder.memory_held(), "a decoder says what it holds");
  decoder.cancel();
  throws(
      S2S_CANCELLED, "", [&] { decoder.decode(memory); }, "a cancelled one throws");
  decoder.on_token(nullptr);
  decoder.cancel();
  decoder.clear_cancel();
  ok(decoder.decode(memory).count() == 2, "unless the cancel is taken back");
}

static void test_segmenters(const s2s::model &model) {
  s2s::segmenter words = s2s::segmenter::create({{"source.tokens", "words"}}, S2S_SOURCE);
  s2s::tokens tokens = words.segment("one two");
  ok(tokens.count() == 2 && tokens[1] == "two" && tokens.range(1).first == 4 && tokens.text() == "one two", "words");
  ok(words.join({"one", "two"}).text() == "one two", "joined again");
  ok(s2s::segmenter::of(model, S2S_SOURCE).segment("abc").count() == 3, "a model's segmenter");
  throws(
      S2S_UNSUPPORTED, "words", [&] { words.save("x"); }, "words cannot be saved");
}

static void test_training(const s2s::model &start, const s2s::corpus &corpus) {
  int events = 0;
  s2s::options o = tiny();
  o.set_log([](std::int32_t, std::string_view) {}).set_progress([&](std::int32_t, std::int64_t, std::int64_t) {
    return ++events, 0;
  });
  s2s::trainer trainer(start, corpus, corpus, o);
  o = s2s::options(); /* the trainer keeps the callables */
  ok(trainer.step() > 0, "one step");
  trainer.run();
  trainer.evaluate();
  ok(events > 2 && trainer.metrics()["epochs"] == 2 && trainer.metrics().count() > 9, "a run reports");
  const std::string path = folder + "/checkpoint";
  trainer.save(path);
  ok(s2s::trainer::resume(path, corpus, corpus).metrics().get("updates") == trainer.metrics().get("updates"),
     "resumed");
  ok(trainer.model().translate({"ab"}).count() == 1 && corpus.text(1, S2S_TARGET) == "ba" && corpus.size() == 5,
     "a model");
  throws(
      S2S_BAD_ARGUMENT, "nothing", [&] { (void)trainer.metrics()["nothing"]; }, "no such figure");
  s2s::options bad = tiny();
  bad.set_progress([](std::int32_t, std::int64_t, std::int64_t) -> std::int32_t { throw std::logic_error("stop"); });
  s2s::trainer thrower(start, corpus, bad);
  try {
    thrower.run();
    ok(false, "what a callback throws comes out of the run");
  } catch (const std::logic_error &) {
    ok(true, "what a callback throws comes out of the run");
  }
  s2s::trainer summed(start, corpus, tiny());
  int sums = 0;
  summed.set_allreduce([&](s2s::span<float> values) { sums += values.size() > 0; }, 0, 1);
  summed.step();
  summed.cancel();
  throws(
      S2S_CANCELLED, "", [&] { summed.step(); }, "a cancelled trainer throws");
  summed.cancel();
  summed.clear_cancel();
  ok(summed.step() > 0, "unless the cancel is taken back");
  s2s::corpus read;
  std::ofstream(folder + "/pairs") << "a\tb\n";
  std::ofstream(folder + "/side") << "a\nb\n";
  ok(read.load(folder + "/pairs").load_aligned(folder + "/side", folder + "/side").size() == 3, "corpora from files");
}

static void test_metrics() {
  s2s::metrics m = s2s::metric_texts({"the cat sat on the mat"}, {s2s::texts{"the cat sat on the mat"}});
  ok(m["bleu"] > 99.9 && m.get("sequence_error_rate") == 0 && m.count() > 4 && !m.name(0).empty(), "BLEU of texts");
  s2s::metrics c =
      s2s::metric_compare({"a b"}, {"a c"}, {s2s::texts{"a b"}, s2s::texts{"b a"}}, {{"bootstrap.samples", 40}});
  ok(c.get("token_error_rate_difference") < 0, "two systems");
  throws(
      S2S_BAD_ARGUMENT, "references",
      [] {
        s2s::metric_texts({"a"}, {s2s::texts{"a", "b"}});
      },
      "too many references");
}

int main() {
  test_version_and_options();
  s2s::corpus corpus = pairs();
  s2s::model model = s2s::model::create(corpus, tiny());
  test_results(model);
  test_loops(model);
  test_moved(model, corpus);
  test_release(model, corpus);
  test_parts(model);
  test_segmenters(model);
  test_training(model, corpus);
  test_metrics();
  test_models(model, corpus);
  test_handles(std::move(model));
  std::printf("1..%d\n", run);
  return failures != 0;
}
