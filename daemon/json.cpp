#include "daemon/json.hpp"
#include "rules/utf8.hpp"
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_set>

namespace backstop {

/// Reads and writes the private value. Here, so that the header needs neither of the two.
struct JsonCodec {
  static auto& value(Json& json) { return json.value_; }
  static const auto& value(const Json& json) { return json.value_; }
};

namespace {

constexpr double kTwoTo63 = 9223372036854775808.0;

// ---- reading ----

/// Counts the bytes nlohmann takes, because its SAX callbacks do not say where they are.
class CountingIterator {
public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, std::size_t* count) : at_(at), count_(count) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    ++at_;
    ++*count_;
    return *this;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
  bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

private:
  const char* at_;
  std::size_t* count_;
};

std::string plain_words(std::string_view message) {
  // "[json.exception.x.101] parse error at line 1, column 2: syntax error while parsing value - WHY; last read: '..'"
  if (const auto bracket = message.find("] "); bracket != message.npos) message.remove_prefix(bracket + 2);
  if (const auto dash = message.find(" - "); dash != message.npos) message.remove_prefix(dash + 3);
  if (const auto last = message.find("; last read: "); last != message.npos) {
    std::string_view read = message.substr(last + 13);
    constexpr std::size_t kLongestClause = 60; // a longer one is not the parser's: the text itself has these words
    auto expected = read.rfind("'; expected");
    if (expected != read.npos && read.size() - expected > kLongestClause) expected = read.npos;
    const auto rest = expected == read.npos ? std::string_view{} : read.substr(expected + 1);
    read = read.substr(0, expected == read.npos ? read.size() : expected + 1);
    constexpr std::size_t kShown = 40;
    std::string out(message.substr(0, last));
    out += rest;
    // The end of what was read is where the error is.
    if (read.size() > kShown) return out + ", after '…" + std::string(read.substr(read.size() - kShown));
    return out + ", after " + std::string(read);
  }
  std::string out(message);
  constexpr std::string_view kAnyValue = "'[', '{', or a literal";
  if (const auto any = out.find(kAnyValue); any != out.npos) out.replace(any, kAnyValue.size(), "a value");
  return out;
}

/// Builds a Json from nlohmann's SAX events; `false` from a callback stops the parser.
class Builder {
public:
  Builder(int max_depth, const std::size_t* at) : max_depth_(max_depth), at_(at) {}

  bool null() { return put(Json{}); }
  bool boolean(bool b) { return put(Json{b}); }
  bool number_integer(std::int64_t i) { return put(Json{i}); }
  bool number_unsigned(std::uint64_t i) { return put(Json{i}); }
  bool number_float(double d, const std::string&) { return put(Json{d}); }
  bool string(std::string& s) { return put(Json{std::move(s)}); }
  bool binary(nlohmann::json::binary_t&) { return stop(Errc::invalid, *at_, "binary data is not JSON"); }
  bool start_object(std::size_t) { return open(Json::object()); }
  bool start_array(std::size_t) { return open(Json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(std::string& name) {
    Frame& frame = frames_.back();
    if (!remember(frame, name)) {
      constexpr std::size_t kShown = 40;
      const std::string shown = Json(name.size() > kShown ? name.substr(0, kShown) + "…" : name).dump();
      return stop(Errc::invalid, *at_, "the key " + shown + " comes twice in this object");
    }
    frame.key = std::move(name);
    return true;
  }
  bool parse_error(std::size_t at, const std::string&, const nlohmann::json::exception& e) {
    constexpr int kNumberOverflow = 406; // its message has the whole number in it
    return stop(Errc::invalid, at, e.id == kNumberOverflow ? "a number is too large" : plain_words(e.what()));
  }

  Result<Json> take() && {
    if (error_) return *std::move(error_);
    return std::move(root_);
  }

private:
  struct Frame {
    Json container;
    std::string key;
    std::unordered_set<std::string> keys; ///< used once there are many: a scan per key would be quadratic
  };

  static bool remember(Frame& frame, const std::string& name) {
    constexpr std::size_t kScanned = 16;
    const Json::Object& members = *frame.container.as_object();
    if (members.size() < kScanned)
      return std::none_of(members.begin(), members.end(), [&](const Json::Member& m) { return m.first == name; });
    if (frame.keys.empty())
      for (const Json::Member& m : members) frame.keys.insert(m.first);
    return frame.keys.insert(name).second;
  }
  bool open(Json container) {
    if (static_cast<int>(frames_.size()) >= max_depth_)
      return stop(Errc::too_large, *at_, "nested deeper than " + std::to_string(max_depth_) + " levels");
    frames_.push_back({std::move(container), {}, {}});
    return true;
  }
  bool close() {
    Json done = std::move(frames_.back().container);
    frames_.pop_back();
    return put(std::move(done));
  }
  bool put(Json value) {
    if (frames_.empty()) {
      root_ = std::move(value);
      return true;
    }
    Frame& frame = frames_.back();
    auto& into = JsonCodec::value(frame.container);
    if (auto* array = std::get_if<Json::Array>(&into))
      array->push_back(std::move(value));
    else
      std::get<Json::Object>(into).emplace_back(std::move(frame.key), std::move(value));
    return true;
  }
  bool stop(Errc code, std::size_t at, std::string why) {
    error_ = fail(code, "at byte " + std::to_string(at) + ": " + std::move(why));
    return false;
  }

  int max_depth_;
  const std::size_t* at_;
  std::vector<Frame> frames_;
  Json root_;
  std::optional<Error> error_;
};

// ---- writing ----

class Writer {
public:
  explicit Writer(int indent) : indent_(indent) {}

  void write(const Json& json, int level) {
    std::visit([&](const auto& v) { put(v, level); }, JsonCodec::value(json));
  }
  std::string take() && { return std::move(out_); }

private:
  void put(std::monostate, int) { out_ += "null"; }
  void put(bool b, int) { out_ += b ? "true" : "false"; }
  void put(std::int64_t i, int) { out_ += std::to_string(i); }
  void put(double d, int) {
    if (!std::isfinite(d)) {
      out_ += "null";
      return;
    }
    char buffer[32];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, d).ptr;
    const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
    out_ += text;
    if (text.find_first_of(".e") == text.npos) out_ += ".0";
  }
  void put(const std::string& s, int) { quote(s); }
  void put(const Json::Array& array, int level) {
    out_ += '[';
    for (std::size_t i = 0; i < array.size(); ++i) {
      if (i > 0) out_ += ',';
      line(level + 1);
      write(array[i], level + 1);
    }
    if (!array.empty()) line(level);
    out_ += ']';
  }
  void put(const Json::Object& object, int level) {
    out_ += '{';
    for (std::size_t i = 0; i < object.size(); ++i) {
      if (i > 0) out_ += ',';
      line(level + 1);
      quote(object[i].first);
      out_ += indent_ < 0 ? ":" : ": ";
      write(object[i].second, level + 1);
    }
    if (!object.empty()) line(level);
    out_ += '}';
  }
  void line(int level) {
    if (indent_ < 0) return;
    out_ += '\n';
    out_.append(static_cast<std::size_t>(indent_ * level), ' ');
  }
  void quote(std::string_view s) {
    out_ += '"';
    while (!s.empty()) {
      const std::size_t length = utf8_at(s).bytes;
      if (length == 0)
        out_ += "\xEF\xBF\xBD";
      else if (length == 1)
        escape(s[0]);
      else
        out_ += s.substr(0, length);
      s.remove_prefix(std::max<std::size_t>(length, 1));
    }
    out_ += '"';
  }
  void escape(char c) {
    switch (c) {
    case '"': out_ += "\\\""; return;
    case '\\': out_ += "\\\\"; return;
    case '\b': out_ += "\\b"; return;
    case '\f': out_ += "\\f"; return;
    case '\n': out_ += "\\n"; return;
    case '\r': out_ += "\\r"; return;
    case '\t': out_ += "\\t"; return;
    default: break;
    }
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F) {
      out_ += c;
      return;
    }
    constexpr std::string_view kHex = "0123456789abcdef";
    const auto u = static_cast<unsigned char>(c);
    out_ += "\\u00";
    out_ += kHex[u >> 4U];
    out_ += kHex[u & 0xFU];
  }

  int indent_;
  std::string out_;
};

} // namespace

Result<Json> Json::parse(std::string_view text, int max_depth) {
  std::size_t at = 0;
  Builder builder(max_depth, &at);
  nlohmann::json::sax_parse(CountingIterator(text.data(), &at), CountingIterator(text.data() + text.size(), &at),
                            &builder);
  return std::move(builder).take();
}

std::string Json::dump(int indent) const {
  Writer writer(indent);
  writer.write(*this, 0);
  return std::move(writer).take();
}

bool Json::as_number(double& out) const {
  if (const auto* i = std::get_if<std::int64_t>(&value_))
    out = static_cast<double>(*i);
  else if (const auto* d = std::get_if<double>(&value_))
    out = *d;
  else
    return false;
  return true;
}

const Json& Json::operator[](std::string_view name) const {
  static const Json kNull;
  const Object* object = as_object();
  if (!object) return kNull;
  const auto found = std::find_if(object->begin(), object->end(), [&](const Member& m) { return m.first == name; });
  return found == object->end() ? kNull : found->second;
}

std::string Json::text(std::string_view name) const {
  const std::string* s = (*this)[name].as_string();
  return s ? *s : std::string();
}

double Json::number(std::string_view name, double otherwise) const {
  double value = 0;
  return (*this)[name].as_number(value) ? value : otherwise;
}

std::int64_t Json::integer(std::string_view name, std::int64_t otherwise) const {
  const Json& member = (*this)[name];
  if (const auto* i = member.as_int()) return *i;
  double d = 0;
  const bool whole = member.as_number(d) && std::trunc(d) == d && d >= -kTwoTo63 && d < kTwoTo63;
  return whole ? static_cast<std::int64_t>(d) : otherwise;
}

bool Json::flag(std::string_view name) const {
  const bool* b = (*this)[name].as_bool();
  return b && *b;
}

Json& Json::set(std::string_view name, Json value) {
  if (!as_object()) value_ = Object{};
  auto& object = std::get<Object>(value_);
  const auto found = std::find_if(object.begin(), object.end(), [&](const Member& m) { return m.first == name; });
  if (found == object.end())
    object.emplace_back(std::string(name), std::move(value));
  else
    found->second = std::move(value);
  return *this;
}

Json& Json::push(Json value) {
  if (!as_array()) value_ = Array{};
  std::get<Array>(value_).push_back(std::move(value));
  return *this;
}

} // namespace backstop
