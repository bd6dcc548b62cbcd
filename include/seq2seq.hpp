/* SPDX-License-Identifier: MIT
 *
 * seq2seq.h for C++17: header-only, over the same library.
 *
 *     s2s::model model = s2s::model::load("english-g2p.safetensors");
 *     s2s::result result = model.translate({"sequence", "attention"}, {{"beam", 5}});
 *     for (std::string_view text : result) std::cout << text << '\n';
 *     std::string one = model.translate("memory");
 *
 * What a function does, its units and ranges, is said in seq2seq.h. The names are the same: s2s_model_load(path,
 * options, &model) is s2s::model::load(path, options), s2s_result_text(result, 0, 0) is result.text(0, 0). Beyond that:
 *
 * Handles own what they stand for and are moved, never copied. get() gives the C handle, and s2s::model(raw) takes one
 * over. A handle that was moved from is NULL, and using it is S2S_BAD_ARGUMENT, also where C takes NULL for "none" or
 * for "all defaults".
 *
 * release() gives the C handle away, but not the functions that it calls, which are destroyed with the C++ handle:
 * options are released without log and progress, a decoder without on_token. Where C has no way to forget them, release
 * is S2S_BUSY: for a decoder or trainer whose options had such a function, and for a trainer with an allreduce.
 *
 * Failure throws s2s::error. what() is the library's sentence, status() its S2S_ number.
 *
 * Texts go in as anything that std::string_view can be made of; a list of texts as {"a", "b"}, or as any container of
 * such, a result or tokens too. They come out as std::string_view, living as long as the handle that they came from.
 * Arrays are s2s::span and s2s::matrix, which own nothing.
 *
 * Callbacks are any callables. One may throw: its call stops, and the exception goes on where the call was made.
 * Handles keep the callables of the options that they were made with. No callback may destroy the handle that calls it.
 */
#ifndef SEQ2SEQ_HPP
#define SEQ2SEQ_HPP

#include "seq2seq.h"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace s2s {

/* ---- errors, spans, texts ---------------------------------------------------------------------------------------- */

class error : public std::runtime_error {
public:
  error(std::int32_t status, const std::string &message) : std::runtime_error(message), status_(status) {}
  std::int32_t status() const noexcept { return status_; }
  const char *name() const noexcept { return s2s_status_name(status_); } /* "S2S_BAD_FILE" */

private:
  std::int32_t status_;
};

/* `size` values from `data`, owned by somebody else; made from any container whose values stand in a row. */
template <class T> class span {
public:
  constexpr span() noexcept = default;
  constexpr span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}
  template <class Container, class = decltype(static_cast<T *>(std::declval<Container &>().data()))>
  constexpr span(Container &&container) noexcept : data_(container.data()), size_(container.size()) {}

  constexpr T *data() const noexcept { return data_; }
  constexpr std::size_t size() const noexcept { return size_; }
  constexpr bool empty() const noexcept { return size_ == 0; }
  constexpr T *begin() const noexcept { return data_; }
  constexpr T *end() const noexcept { return data_ + size_; }
  constexpr T &operator[](std::size_t index) const noexcept { return data_[index]; }

private:
  T *data_ = nullptr;
  std::size_t size_ = 0;
};

/* [rows, columns], row-major; empty (data NULL) where there is none. */
struct matrix {
  const float *data = nullptr;
  std::size_t rows = 0, columns = 0;
  span<const float> operator[](std::size_t row) const noexcept { return {data + row * columns, columns}; }
  explicit operator bool() const noexcept { return data != nullptr; }
};

/* Goes through what owner[0], owner[1] ... are, for range-based for and for the constructors of containers. */
template <class Owner, class Value> class iterator {
public:
  using iterator_category = std::input_iterator_tag;
  using value_type = Value;
  using difference_type = std::ptrdiff_t;
  using pointer = void;
  using reference = Value;

  iterator(const Owner *owner, std::size_t index) noexcept : owner_(owner), index_(index) {}
  Value operator*() const { return (*owner_)[index_]; }
  iterator &operator++() noexcept { return index_++, *this; }
  iterator operator++(int) noexcept { return {owner_, index_++}; }
  bool operator==(const iterator &other) const noexcept { return index_ == other.index_; }
  bool operator!=(const iterator &other) const noexcept { return index_ != other.index_; }

private:
  const Owner *owner_;
  std::size_t index_;
};

/* Several texts as a call takes them; it borrows them, so make it in the call. */
class texts {
public:
  texts(std::initializer_list<std::string_view> list) { add(list); }
  template <class Container,
            class = std::enable_if_t<
                std::is_convertible_v<decltype(*std::begin(std::declval<const Container &>())), std::string_view>>,
            class = std::enable_if_t<!std::is_convertible_v<const Container &, std::string_view>>>
  texts(const Container &container) {
    add(container);
  }
  const char *const *data() const noexcept { return data_.data(); }
  const std::size_t *lengths() const noexcept { return lengths_.data(); }
  std::size_t count() const noexcept { return data_.size(); }
  std::string_view operator[](std::size_t index) const noexcept { return {data_[index], lengths_[index]}; }
  iterator<texts, std::string_view> begin() const noexcept { return {this, 0}; }
  iterator<texts, std::string_view> end() const noexcept { return {this, count()}; }

private:
  template <class Container> void add(const Container &container) {
    for (const auto &item : container) {
      const std::string_view text = item;
      data_.push_back(text.data() ? text.data() : "");
      lengths_.push_back(text.size());
    }
    if (data_.empty()) { /* what is empty has an address, too */
      data_.reserve(1);
      lengths_.reserve(1);
    }
  }
  std::vector<const char *> data_;
  std::vector<std::size_t> lengths_;
};

using log_function = std::function<void(std::int32_t level, std::string_view message)>;
/* As in C: a result other than 0 stops the call. */
using progress_function = std::function<std::int32_t(std::int32_t event, std::int64_t done, std::int64_t total)>;
/* As in C: a result other than 0 stops the call. */
using token_function =
    std::function<std::int32_t(std::size_t sequence, std::string_view text, std::size_t settled, bool done)>;
/* Writes at most `size` bytes and returns how many, 0 at the end. */
using read_function = std::function<std::size_t(void *bytes, std::size_t size)>;
/* Replaces the values by their sums over all processes. */
using allreduce_function = std::function<void(span<float> values)>;

namespace detail {

/* What a callback threw, until the call that it belongs to has returned: callbacks run in the thread of their call. */
inline thread_local std::exception_ptr thrown;

inline void check(std::int32_t status) {
  if (thrown) std::rethrow_exception(std::exchange(thrown, nullptr));
  if (status != S2S_OK) throw error(status, s2s_error_message());
}

/* Runs a callback; gives `failed` when it throws. */
template <class Result, class Callback> Result guarded(Result failed, Callback &&callback) noexcept {
  if (thrown) return failed;
  try {
    return callback();
  } catch (...) {
    thrown = std::current_exception();
    return failed;
  }
}

/* Text for a C function that wants it to end with NUL. */
class c_text {
public:
  explicit c_text(std::string_view text) : text_(text) {
    if (text.find('\0') != text.npos) throw error(S2S_BAD_ARGUMENT, "a name or path has a NUL character inside");
  }
  operator const char *() const noexcept { return text_.c_str(); }

private:
  std::string text_;
};

/* Many of them. */
class c_texts {
public:
  explicit c_texts(const texts &list) {
    for (std::size_t i = 0; i < list.count(); i++)
      kept_.emplace_back(std::string_view(list.data()[i], list.lengths()[i]));
    data_.reserve(kept_.size() + 1);
    for (const c_text &text : kept_) data_.push_back(text);
  }
  const char *const *data() const noexcept { return data_.data(); }

private:
  std::vector<c_text> kept_;
  std::vector<const char *> data_;
};

inline std::string_view view(const char *text) noexcept { return text ? std::string_view(text) : std::string_view(); }

/* Callables that C handles point to. */
struct callables {
  std::shared_ptr<log_function> log;
  std::shared_ptr<progress_function> progress;
};

template <class T, void (*Free)(T *)> class handle {
public:
  using raw_type = T;
  explicit handle(T *raw = nullptr, callables kept = {}) noexcept : raw_(raw), kept_(std::move(kept)) {}
  T *get() const noexcept { return raw_.get(); }
  T *release() noexcept {
    kept_ = {};
    return raw_.release();
  }
  explicit operator bool() const noexcept { return raw_ != nullptr; }
  const callables &kept() const noexcept { return kept_; }

protected:
  struct freer {
    void operator()(T *raw) const noexcept { Free(raw); }
  };
  std::unique_ptr<T, freer> raw_;
  callables kept_;
};

/* The C handle of one that must be there where C would take NULL for "none". */
template <class Handle> typename Handle::raw_type *needed(const Handle &given, const char *message) {
  if (!given) throw error(S2S_BAD_ARGUMENT, message);
  return given.get();
}
template <class Options> s2s_options *set(const Options &o) {
  return needed(o, "the options were moved from or released: {} stands for all defaults");
}
template <class Corpus> s2s_corpus *dev_set(const Corpus &dev) {
  return needed(dev, "the corpus `dev` was moved from or released: leave it out to train without one");
}
inline void check_release(bool calls) {
  if (calls) throw error(S2S_BUSY, "release: the handle calls functions that are destroyed with it");
}

/* What function(arguments..., &raw) makes. */
template <class Handle, class Function, class... Arguments>
Handle make(const callables &kept, Function function, Arguments &&...arguments) {
  typename Handle::raw_type *raw = nullptr;
  const std::int32_t status = function(std::forward<Arguments>(arguments)..., &raw);
  Handle made(raw, kept);
  check(status);
  return made;
}

} // namespace detail

/* ---- version, statuses, options ---------------------------------------------------------------------------------- */

inline std::string_view version() noexcept { return s2s_version(); }
inline std::int32_t abi_version() noexcept { return s2s_abi_version(); }
inline std::string_view status_name(std::int32_t status) noexcept { return s2s_status_name(status); }
inline std::string_view error_message() noexcept { return s2s_error_message(); }

inline std::size_t option_count() noexcept { return s2s_option_count(); }
inline std::string_view option_name(std::size_t index) noexcept { return detail::view(s2s_option_name(index)); }
inline std::int32_t option_type(std::size_t index) noexcept { return s2s_option_type(index); }
inline std::int32_t option_scope(std::size_t index) noexcept { return s2s_option_scope(index); }
inline std::string_view option_default(std::size_t index) noexcept { return detail::view(s2s_option_default(index)); }
inline std::string_view option_range(std::size_t index) noexcept { return detail::view(s2s_option_range(index)); }
inline std::string_view option_help(std::size_t index) noexcept { return detail::view(s2s_option_help(index)); }

inline std::size_t preset_count() noexcept { return s2s_preset_count(); }
inline std::string_view preset_name(std::size_t index) noexcept { return detail::view(s2s_preset_name(index)); }
inline std::string_view preset_settings(std::size_t index) noexcept { return detail::view(s2s_preset_settings(index)); }
inline std::size_t preset_pairs(std::size_t index) noexcept { return s2s_preset_pairs(index); }

/* Wherever options are taken, {} means all defaults and {{"beam", 5}, {"nbest", 3}} sets some. */
class options : public detail::handle<s2s_options, s2s_options_free> {
public:
  /* A number, a truth (yes or no), or a text. */
  class value {
  public:
    template <class Number, std::enable_if_t<std::is_arithmetic_v<Number>, int> = 0> value(Number number) {
      if constexpr (std::is_same_v<Number, bool>) {
        text_ = number ? "yes" : "no";
      } else if constexpr (std::is_integral_v<Number>) {
        text_ = std::to_string(number);
      } else {
        real_ = number;
        is_real_ = true;
      }
    }
    template <class Text, std::enable_if_t<std::is_convertible_v<const Text &, std::string_view>, int> = 0>
    value(const Text &text) : text_(std::string_view(text)) {}

  private:
    friend class options;
    std::string text_;
    double real_ = 0;
    bool is_real_ = false;
  };

  options() { detail::check(made()); }
  options(std::initializer_list<std::pair<std::string_view, value>> settings) : options() {
    for (const auto &[key, setting] : settings) set(key, setting);
  }

  options &set(std::string_view key, const value &setting) {
    const detail::c_text name(key);
    detail::check(setting.is_real_ ? s2s_options_set_real(get(), name, setting.real_)
                                   : s2s_options_set(get(), name, detail::c_text(setting.text_)));
    return *this;
  }
  options &set_int(std::string_view key, std::int64_t number) {
    detail::check(s2s_options_set_int(get(), detail::c_text(key), number));
    return *this;
  }
  options &set_real(std::string_view key, double number) {
    detail::check(s2s_options_set_real(get(), detail::c_text(key), number));
    return *this;
  }
  /* Without log and progress, whose callables go with this object. */
  s2s_options *release() {
    if (get()) set_log(nullptr).set_progress(nullptr);
    return handle::release();
  }
  /* Puts the default back. */
  options &reset(std::string_view key) {
    detail::check(s2s_options_set(get(), detail::c_text(key), nullptr));
    return *this;
  }
  std::string_view get(std::string_view key) const { /* valid until the option is set again */
    const char *text = nullptr;
    detail::check(s2s_options_get(get(), detail::c_text(key), &text));
    return text;
  }
  using handle::get;

  options &load(std::string_view path) {
    detail::check(s2s_options_load(get(), detail::c_text(path)));
    return *this;
  }
  /* The C callback: it must not throw. */
  options &set_allocator(s2s_allocate_fn allocate, void *user) {
    detail::check(s2s_options_set_allocator(get(), allocate, user));
    return *this;
  }
  options &set_log(log_function log) {
    auto shared = log ? std::make_shared<log_function>(std::move(log)) : nullptr;
    detail::check(s2s_options_set_log(get(), shared ? say : nullptr, shared.get()));
    kept_.log = std::move(shared);
    return *this;
  }
  options &set_progress(progress_function progress) {
    auto shared = progress ? std::make_shared<progress_function>(std::move(progress)) : nullptr;
    detail::check(s2s_options_set_progress(get(), shared ? report : nullptr, shared.get()));
    kept_.progress = std::move(shared);
    return *this;
  }

private:
  std::int32_t made() {
    s2s_options *raw = nullptr;
    const std::int32_t status = s2s_options_new(&raw);
    raw_.reset(raw);
    return status;
  }
  static void say(void *user, std::int32_t level, const char *message) {
    detail::guarded(0, [&] { return (*static_cast<log_function *>(user))(level, message), 0; });
  }
  static std::int32_t report(void *user, std::int32_t event, std::int64_t done, std::int64_t total) {
    return detail::guarded(1, [&] { return (*static_cast<progress_function *>(user))(event, done, total); });
  }
};

/* ---- what calls give --------------------------------------------------------------------------------------------- */

class result : public detail::handle<s2s_result, s2s_result_free> {
public:
  using handle::handle;
  std::size_t count() const noexcept { return s2s_result_count(get()); }
  std::size_t hypotheses(std::size_t text) const noexcept { return s2s_result_hypotheses(get(), text); }
  std::string_view operator[](std::size_t index) const noexcept { return text(index); } /* the best one */
  iterator<result, std::string_view> begin() const noexcept { return {this, 0}; }
  iterator<result, std::string_view> end() const noexcept { return {this, count()}; }
  std::string_view text(std::size_t text, std::size_t rank = 0) const noexcept {
    return detail::view(s2s_result_text(get(), text, rank));
  }
  double score(std::size_t text, std::size_t rank = 0) const noexcept { return s2s_result_score(get(), text, rank); }
  double log_probability(std::size_t text, std::size_t rank = 0) const noexcept {
    return s2s_result_log_probability(get(), text, rank);
  }
  span<const float> token_scores(std::size_t text, std::size_t rank = 0) const noexcept {
    std::size_t size = 0;
    const float *scores = s2s_result_token_scores(get(), text, rank, &size);
    return {scores, size};
  }
  std::int32_t ending(std::size_t text, std::size_t rank = 0) const noexcept { /* S2S_ENDING_MARK ... */
    return s2s_result_ending(get(), text, rank);
  }
  span<const std::int32_t> tokens(std::size_t text, std::size_t rank = 0) const noexcept {
    std::size_t size = 0;
    const std::int32_t *ids = s2s_result_tokens(get(), text, rank, &size);
    return {ids, size};
  }
  std::string_view copied(std::size_t text, std::int32_t id) const noexcept {
    return detail::view(s2s_result_copied(get(), text, id));
  }
  matrix alignment(std::size_t text, std::size_t rank = 0) const noexcept {
    matrix m;
    m.data = s2s_result_alignment(get(), text, rank, &m.rows, &m.columns);
    return m;
  }
  /* Bytes of the text, from the first to before the second. */
  std::pair<std::size_t, std::size_t> range(std::size_t text, std::size_t rank, std::size_t token) const noexcept {
    std::pair<std::size_t, std::size_t> bytes;
    s2s_result_range(get(), text, rank, token, &bytes.first, &bytes.second);
    return bytes;
  }
  std::size_t links(std::size_t text, std::size_t rank = 0) const noexcept {
    return s2s_result_links(get(), text, rank);
  }
  struct word {
    std::size_t number, begin, end;
  };
  struct link_type {
    word source, target;
  };
  link_type link(std::size_t text, std::size_t rank, std::size_t index) const {
    std::size_t source[3], target[3];
    detail::check(s2s_result_link(get(), text, rank, index, source, target));
    return {{source[0], source[1], source[2]}, {target[0], target[1], target[2]}};
  }
};

class tokens : public detail::handle<s2s_tokens, s2s_tokens_free> {
public:
  using handle::get;
  using handle::handle;
  std::size_t count() const noexcept { return s2s_tokens_count(get()); }
  std::string_view get(std::size_t index) const noexcept { return detail::view(s2s_tokens_get(get(), index)); }
  std::string_view operator[](std::size_t index) const noexcept { return get(index); }
  iterator<tokens, std::string_view> begin() const noexcept { return {this, 0}; }
  iterator<tokens, std::string_view> end() const noexcept { return {this, count()}; }
  /* Bytes of the text, from the first to before the second. */
  std::pair<std::size_t, std::size_t> range(std::size_t index) const noexcept {
    std::pair<std::size_t, std::size_t> bytes;
    s2s_tokens_range(get(), index, &bytes.first, &bytes.second);
    return bytes;
  }
  std::string_view text() const noexcept { return detail::view(s2s_tokens_text(get())); }
};

/* Figures that belong to somebody else: a trainer's, live. */
class metrics_view {
public:
  explicit metrics_view(const s2s_metrics *raw = nullptr) noexcept : raw_(raw) {}
  std::size_t count() const noexcept { return s2s_metrics_count(raw_); }
  std::string_view name(std::size_t index) const noexcept { return detail::view(s2s_metrics_name(raw_, index)); }
  double value(std::size_t index) const noexcept { return s2s_metrics_value(raw_, index); }
  double get(std::string_view name) const {
    double number = 0;
    detail::check(s2s_metrics_get(raw_, detail::c_text(name), &number));
    return number;
  }
  double operator[](std::string_view name) const { return get(name); }

private:
  const s2s_metrics *raw_;
};

class metrics : public detail::handle<s2s_metrics, s2s_metrics_free> {
public:
  using handle::get;
  using handle::handle;
  std::size_t count() const noexcept { return metrics_view(get()).count(); }
  std::string_view name(std::size_t index) const noexcept { return metrics_view(get()).name(index); }
  double value(std::size_t index) const noexcept { return metrics_view(get()).value(index); }
  double get(std::string_view name) const { return metrics_view(get()).get(name); }
  double operator[](std::string_view name) const { return get(name); }
};

/* ---- corpora and models ------------------------------------------------------------------------------------------ */

class corpus : public detail::handle<s2s_corpus, s2s_corpus_free> {
public:
  explicit corpus(const options &o = {}) : corpus(detail::make<corpus>(o.kept(), s2s_corpus_new, detail::set(o))) {}
  explicit corpus(s2s_corpus *raw, detail::callables kept = {}) noexcept : handle(raw, std::move(kept)) {}

  corpus &add(std::string_view source, std::string_view target) {
    detail::check(s2s_corpus_add(get(), source.data() ? source.data() : "", source.size(),
                                 target.data() ? target.data() : "", target.size()));
    return *this;
  }
  corpus &load(std::string_view path) {
    detail::check(s2s_corpus_load(get(), detail::c_text(path)));
    return *this;
  }
  corpus &load_aligned(std::string_view source_path, std::string_view target_path) {
    detail::check(s2s_corpus_load_aligned(get(), detail::c_text(source_path), detail::c_text(target_path)));
    return *this;
  }
  std::size_t size() const noexcept { return s2s_corpus_size(get()); }
  std::string_view text(std::size_t index, std::int32_t side) const noexcept {
    return detail::view(s2s_corpus_text(get(), index, side));
  }
};

class model : public detail::handle<s2s_model, s2s_model_free> {
public:
  using handle::get;
  using handle::handle;

  static model create(const corpus &pairs, const options &o = {}) {
    return detail::make<model>(o.kept(), s2s_model_create, pairs.get(), detail::set(o));
  }
  static model load(std::string_view path, const options &o = {}) {
    return detail::make<model>(o.kept(), s2s_model_load, detail::c_text(path), detail::set(o));
  }
  static model load_buffer(const void *bytes, std::size_t size, const options &o = {}) {
    return detail::make<model>(o.kept(), s2s_model_load_buffer, bytes, size, detail::set(o));
  }
  static model load_buffer(std::string_view bytes, const options &o = {}) {
    return load_buffer(bytes.data(), bytes.size(), o);
  }
  static model load_reader(read_function read, const options &o = {}) {
    return detail::make<model>(o.kept(), s2s_model_load_reader, pull, static_cast<void *>(&read), detail::set(o));
  }
  /* Several as one, which keeps its members. */
  static model ensemble(const std::vector<const model *> &members, const options &o = {}) {
    std::vector<const s2s_model *> raw;
    for (const model *member : members) raw.push_back(member ? member->get() : nullptr);
    raw.reserve(1);
    return detail::make<model>(o.kept(), s2s_model_ensemble, raw.data(), raw.size(), detail::set(o));
  }
  /* The mean of their parameters. */
  static model average(const std::vector<const model *> &models, const options &o = {}) {
    std::vector<const s2s_model *> raw;
    for (const model *one : models) raw.push_back(one ? one->get() : nullptr);
    raw.reserve(1);
    return detail::make<model>(o.kept(), s2s_model_average, raw.data(), raw.size(), detail::set(o));
  }
  model extend(const corpus &pairs, const options &o = {}) const {
    return detail::make<model>(o.kept(), s2s_model_extend, get(), pairs.get(), detail::set(o));
  }
  /* A copy in fewer bits, by the option `weights`. */
  model quantize(const options &o = {}) const {
    return detail::make<model>(o.kept(), s2s_model_quantize, get(), detail::set(o));
  }
  /* A copy that knows which target tokens go with which source tokens, for the option shortlist. */
  model shortlist(const corpus &pairs, const options &o = {}) const {
    return detail::make<model>(o.kept(), s2s_model_shortlist, get(), pairs.get(), detail::set(o));
  }
  void save(std::string_view path) const { detail::check(s2s_model_save(get(), detail::c_text(path))); }

  result translate(const texts &sources, const options &o = {}) const {
    return detail::make<result>(o.kept(), s2s_translate, get(), detail::set(o), sources.data(), sources.lengths(),
                                sources.count());
  }
  /* One text gives its best one; translate({"text"}) gives a result, with all that is known of it. */
  template <class Text, class = std::enable_if_t<std::is_convertible_v<const Text &, std::string_view>>>
  std::string translate(const Text &source, const options &o = {}) const {
    return std::string(translate(texts{std::string_view(source)}, o)[0]);
  }
  /* As many targets as sources. */
  result score(const texts &sources, const texts &targets, const options &o = {}) const {
    if (sources.count() != targets.count()) throw error(S2S_BAD_ARGUMENT, "score: not as many targets as sources");
    return detail::make<result>(o.kept(), s2s_score, get(), detail::set(o), sources.data(), sources.lengths(),
                                targets.data(), targets.lengths(), sources.count());
  }
  tokens split_document(std::string_view text, const options &o = {}) const {
    const s2s_model *raw = detail::needed(*this, "model is NULL: s2s::split_document() needs none");
    return detail::make<tokens>(o.kept(), s2s_split_document, raw, detail::set(o), text.data() ? text.data() : "",
                                text.size());
  }
  tokens translate_document(std::string_view text, const options &o = {}) const {
    return detail::make<tokens>(o.kept(), s2s_translate_document, get(), detail::set(o), text.data() ? text.data() : "",
                                text.size());
  }
  s2s::metrics evaluate(const corpus &pairs, const options &o = {}) const {
    return detail::make<s2s::metrics>(o.kept(), s2s_evaluate, get(), pairs.get(), detail::set(o));
  }

  std::string_view get(std::string_view key) const {
    const char *text = nullptr;
    detail::check(s2s_model_get(get(), detail::c_text(key), &text));
    return text;
  }
  std::size_t vocabulary_size(std::int32_t side) const noexcept { return s2s_model_vocabulary_size(get(), side); }
  std::string_view token(std::int32_t side, std::int32_t id) const noexcept {
    return detail::view(s2s_model_token(get(), side, id));
  }

  std::size_t parameter_count() const noexcept { return s2s_model_parameter_count(get()); }
  std::string_view parameter_name(std::size_t index) const noexcept {
    return detail::view(s2s_model_parameter_name(get(), index));
  }
  /* {numbers} of a vector, {rows, columns} of a matrix; empty past the end. */
  std::vector<std::size_t> parameter_shape(std::size_t index) const {
    std::vector<std::size_t> shape(s2s_model_parameter_dims(get(), index));
    for (std::size_t d = 0; d < shape.size(); d++) shape[d] = s2s_model_parameter_dim(get(), index, d);
    return shape;
  }
  /* How many numbers. */
  std::size_t parameter_size(std::size_t index) const noexcept { return s2s_model_parameter_size(get(), index); }
  std::vector<float> parameter_read(std::size_t index) const {
    std::vector<float> values(parameter_size(index));
    detail::check(s2s_model_parameter_read(get(), index, values.data(), values.size()));
    return values;
  }
  void parameter_write(std::size_t index, span<const float> values) {
    detail::check(s2s_model_parameter_write(get(), index, values.data(), values.size()));
  }
  void load_parameters(std::string_view path) { detail::check(s2s_model_load_parameters(get(), detail::c_text(path))); }

private:
  static std::int64_t pull(void *user, void *bytes, std::size_t size) {
    return detail::guarded(std::int64_t(-1), [&] {
      return static_cast<std::int64_t>((*static_cast<read_function *>(user))(bytes, size));
    });
  }
};

/* The sentences of a document without a model. */
inline tokens split_document(std::string_view text, const options &o = {}) {
  return detail::make<tokens>(o.kept(), s2s_split_document, nullptr, detail::set(o), text.data() ? text.data() : "",
                              text.size());
}

class segmenter : public detail::handle<s2s_segmenter, s2s_segmenter_free> {
public:
  using handle::handle;
  /* By the options; learns from the texts where they say so. */
  static segmenter create(const options &o, std::int32_t side, const texts &list = {}) {
    return detail::make<segmenter>(o.kept(), s2s_segmenter_new, detail::set(o), side, list.data(), list.lengths(),
                                   list.count());
  }
  static segmenter of(const model &owner, std::int32_t side) {
    return detail::make<segmenter>(owner.kept(), s2s_segmenter_of, owner.get(), side);
  }
  void save(std::string_view path) const { detail::check(s2s_segmenter_save(get(), detail::c_text(path))); }
  tokens segment(std::string_view text) const {
    return detail::make<tokens>(kept(), s2s_segment, get(), text.data() ? text.data() : "", text.size());
  }
  tokens join(const texts &list) const {
    return detail::make<tokens>(kept(), s2s_join, get(), detail::c_texts(list).data(), list.count());
  }
};

/* ---- encoder, attention, decoder --------------------------------------------------------------------------------- */

class memory : public detail::handle<s2s_memory, s2s_memory_free> {
public:
  using handle::handle;
  std::size_t count() const noexcept { return s2s_memory_count(get()); }
  std::size_t dim() const noexcept { return s2s_memory_dim(get()); }
  matrix states(std::size_t index) const noexcept {
    matrix m;
    m.data = s2s_memory_states(get(), index, &m.rows);
    m.columns = m.data ? dim() : 0;
    return m;
  }
  span<const std::int32_t> tokens(std::size_t index) const noexcept {
    std::size_t size = 0;
    const std::int32_t *ids = s2s_memory_tokens(get(), index, &size);
    return {ids, size};
  }
  std::size_t target_size() const noexcept { return s2s_memory_target_size(get()); }
  std::string_view copied(std::size_t index, std::int32_t id) const noexcept {
    return detail::view(s2s_memory_copied(get(), index, id));
  }
  std::string_view text(std::size_t index) const noexcept {
    std::size_t size = 0;
    const char *data = s2s_memory_text(get(), index, &size);
    return {data ? data : "", size};
  }
  /* Bytes of the text, from the first to before the second. */
  std::pair<std::size_t, std::size_t> range(std::size_t index, std::size_t token) const noexcept {
    std::pair<std::size_t, std::size_t> bytes;
    s2s_memory_range(get(), index, token, &bytes.first, &bytes.second);
    return bytes;
  }
};

class encoder : public detail::handle<s2s_encoder, s2s_encoder_free> {
public:
  explicit encoder(const model &m, const options &o = {})
      : encoder(detail::make<encoder>(o.kept(), s2s_encoder_init, m.get(), detail::set(o))) {}
  explicit encoder(s2s_encoder *raw, detail::callables kept = {}) noexcept : handle(raw, std::move(kept)) {}

  memory encode(const texts &sources) {
    return detail::make<memory>(kept(), s2s_encode, get(), sources.data(), sources.lengths(), sources.count());
  }
  memory encode_ids(span<const std::int32_t> ids, span<const std::size_t> lengths) {
    return detail::make<memory>(kept(), s2s_encode_ids, get(), ids.data(), lengths.data(), lengths.size());
  }
};

class attention : public detail::handle<s2s_attention, s2s_attention_free> {
public:
  explicit attention(const model &m, const options &o = {})
      : attention(detail::make<attention>(o.kept(), s2s_attention_init, m.get(), detail::set(o))) {}
  explicit attention(s2s_attention *raw, detail::callables kept = {}) noexcept : handle(raw, std::move(kept)) {}

  std::size_t query_dim() const noexcept { return s2s_attention_query_dim(get()); }
  struct attended {
    std::vector<float> weights, contexts; /* [count, states], [count, memory dim] */
  };
  /* queries: [count, query_dim] */
  attended attend(const memory &states, std::size_t index, span<const float> queries) {
    const std::size_t dim = query_dim(), count = dim ? queries.size() / dim : 0;
    if (count * dim != queries.size()) throw error(S2S_BAD_ARGUMENT, "queries: not a multiple of the query's size");
    const matrix m = states.states(index);
    attended found{std::vector<float>(count * m.rows), std::vector<float>(count * m.columns)};
    detail::check(
        s2s_attend(get(), states.get(), index, queries.data(), count, found.weights.data(), found.contexts.data()));
    return found;
  }
};

class decoder : public detail::handle<s2s_decoder, s2s_decoder_free> {
public:
  explicit decoder(const model &m, const options &o = {})
      : decoder(detail::make<decoder>(o.kept(), s2s_decoder_init, m.get(), detail::set(o))) {}
  explicit decoder(s2s_decoder *raw, detail::callables kept = {}) noexcept : handle(raw, std::move(kept)) {}

  result decode(const memory &sources) { return detail::make<result>(kept(), s2s_decode, get(), sources.get()); }
  /* The memory must live until the last step. */
  void start(const memory &sources) {
    detail::check(s2s_decoder_start(get(), sources.get()));
    width_ = sources.target_size();
  }
  /* Log-probabilities [rows, the memory's target_size], valid until the next call with this decoder. */
  matrix step(span<const std::int32_t> tokens, span<const std::int32_t> parents) {
    if (tokens.size() != parents.size()) throw error(S2S_BAD_ARGUMENT, "step: not as many parents as tokens");
    matrix m;
    detail::check(s2s_decoder_step(get(), tokens.data(), parents.data(), tokens.size(), &m.data));
    m.rows = tokens.size();
    m.columns = width_;
    return m;
  }
  /* What a row of the last step asked the memory with, for attend(), and its weights over the source tokens. Both are
   * valid until the next call with this decoder; empty when out of range, before the first step, without attention. */
  span<const float> query(std::size_t row) const noexcept {
    std::size_t size = 0;
    const float *numbers = s2s_decoder_query(get(), row, &size);
    return {numbers, size};
  }
  span<const float> attention(std::size_t row) const noexcept {
    std::size_t size = 0;
    const float *weights = s2s_decoder_attention(get(), row, &size);
    return {weights, size};
  }
  decoder copy() const {
    decoder made = detail::make<decoder>(kept(), s2s_decoder_copy, get());
    made.width_ = width_;
    return made;
  }
  /* Bytes that it holds now, and the most that it ever held. */
  std::size_t memory_held() const noexcept { return s2s_decoder_memory(get(), nullptr); }
  std::size_t memory_peak() const noexcept {
    std::size_t peak = 0;
    (void)s2s_decoder_memory(get(), &peak);
    return peak;
  }
  /* What each target of the next decode begins with. */
  void set_prefixes(const texts &prefixes) {
    detail::check(s2s_decoder_set_prefixes(get(), prefixes.data(), prefixes.lengths(), prefixes.count()));
  }
  void on_token(token_function callback) {
    auto shared = callback ? std::make_shared<token_function>(std::move(callback)) : nullptr;
    detail::check(s2s_decoder_on_token(get(), shared ? grow : nullptr, shared.get()));
    on_token_ = std::move(shared);
  }
  void cancel() noexcept { s2s_decoder_cancel(get()); } /* from any thread */
  void clear_cancel() noexcept { s2s_decoder_clear_cancel(get()); }
  /* Without on_token, whose callable goes with this object. S2S_BUSY: it works, or its options had progress. */
  s2s_decoder *release() {
    detail::check_release(kept().progress != nullptr);
    if (on_token_) on_token(nullptr);
    return handle::release();
  }

private:
  static std::int32_t grow(void *user, std::size_t sequence, const char *text, std::size_t length, std::size_t settled,
                           std::int32_t done) {
    return detail::guarded(1, [&] {
      return (*static_cast<token_function *>(user))(sequence, std::string_view(text, length), settled, done != 0);
    });
  }
  std::size_t width_ = 0;
  std::shared_ptr<token_function> on_token_;
};

/* ---- training and evaluation ------------------------------------------------------------------------------------- */

class trainer : public detail::handle<s2s_trainer, s2s_trainer_free> {
public:
  trainer(const model &start, const corpus &pairs, const options &o = {})
      : trainer(detail::make<trainer>(o.kept(), s2s_trainer_new, start.get(), pairs.get(), nullptr, detail::set(o))) {}
  trainer(const model &start, const corpus &pairs, const corpus &dev, const options &o = {})
      : trainer(detail::make<trainer>(o.kept(), s2s_trainer_new, start.get(), pairs.get(), detail::dev_set(dev),
                                      detail::set(o))) {}
  explicit trainer(s2s_trainer *raw, detail::callables kept = {}) noexcept : handle(raw, std::move(kept)) {}
  static trainer resume(std::string_view path, const corpus &pairs, const options &o = {}) {
    return detail::make<trainer>(o.kept(), s2s_trainer_resume, detail::c_text(path), pairs.get(), nullptr,
                                 detail::set(o));
  }
  static trainer resume(std::string_view path, const corpus &pairs, const corpus &dev, const options &o = {}) {
    return detail::make<trainer>(o.kept(), s2s_trainer_resume, detail::c_text(path), pairs.get(), detail::dev_set(dev),
                                 detail::set(o));
  }

  double step() { /* the loss */
    double loss = 0;
    detail::check(s2s_trainer_step(get(), &loss));
    return loss;
  }
  void run() { detail::check(s2s_trainer_run(get())); }
  void evaluate() { detail::check(s2s_trainer_evaluate(get())); }
  metrics_view metrics() const noexcept { return metrics_view(s2s_trainer_metrics(get())); }
  s2s::model model() const { return detail::make<s2s::model>(kept(), s2s_trainer_model, get()); }
  s2s::model present() const { return detail::make<s2s::model>(kept(), s2s_trainer_present, get()); }
  void save(std::string_view path) const { detail::check(s2s_trainer_save(get(), detail::c_text(path))); }
  void set_allreduce(allreduce_function allreduce, std::int32_t rank, std::int32_t ranks) {
    auto owned = std::make_unique<allreduce_function>(std::move(allreduce));
    detail::check(s2s_trainer_set_allreduce(get(), *owned ? add_up : nullptr, owned.get(), rank, ranks));
    allreduce_ = std::move(owned);
  }
  void cancel() noexcept { s2s_trainer_cancel(get()); } /* from any thread */
  void clear_cancel() noexcept { s2s_trainer_clear_cancel(get()); }
  /* S2S_BUSY: its options had log or progress, or there is an allreduce. */
  s2s_trainer *release() {
    detail::check_release(kept().log || kept().progress || allreduce_);
    return handle::release();
  }

private:
  static std::int32_t add_up(void *user, float *values, std::size_t count) {
    return detail::guarded(1, [&] { return (*static_cast<allreduce_function *>(user))({values, count}), 0; });
  }
  std::unique_ptr<allreduce_function> allreduce_;
};

namespace detail {

/* References by alternatives: NULL where a text has fewer. */
inline std::vector<const char *> by_alternative(const std::vector<c_texts> &lists, std::size_t count) {
  std::vector<const char *> all;
  all.reserve(lists.size() * count + 1);
  for (const c_texts &list : lists) all.insert(all.end(), list.data(), list.data() + count);
  return all;
}
inline std::vector<c_texts> references(const std::vector<texts> &alternatives, std::size_t count) {
  std::vector<c_texts> lists;
  for (const texts &list : alternatives) {
    if (list.count() != count) throw error(S2S_BAD_ARGUMENT, "references: not as many as texts");
    lists.emplace_back(list);
  }
  return lists;
}

} // namespace detail

/* references: one list as long as that of the hypotheses for each alternative. */
inline metrics metric_texts(const texts &hypotheses, const std::vector<texts> &references, const options &o = {}) {
  const std::vector<detail::c_texts> lists = detail::references(references, hypotheses.count());
  return detail::make<metrics>(o.kept(), s2s_metric_texts, detail::set(o), detail::c_texts(hypotheses).data(),
                               detail::by_alternative(lists, hypotheses.count()).data(), hypotheses.count(),
                               lists.size());
}
inline metrics metric_compare(const texts &hypotheses, const texts &others, const std::vector<texts> &references,
                              const options &o = {}) {
  const std::vector<detail::c_texts> lists = detail::references(references, hypotheses.count());
  if (others.count() != hypotheses.count()) throw error(S2S_BAD_ARGUMENT, "others: not as many as hypotheses");
  return detail::make<metrics>(o.kept(), s2s_metric_compare, detail::set(o), detail::c_texts(hypotheses).data(),
                               detail::c_texts(others).data(), detail::by_alternative(lists, hypotheses.count()).data(),
                               hypotheses.count(), lists.size());
}

} // namespace s2s
#endif
