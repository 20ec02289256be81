#include "daemon/io/plain_answer.hpp"
#include "daemon/io/exchange_words.hpp"
#include <algorithm>
#include <charconv>
#include <utility>

namespace backstop {
namespace {

constexpr std::size_t kMaxChunkLine = 4096; ///< the size of a chunk, and extensions that nobody uses

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Whether a list like that of Connection has `word`.
bool lists(std::string_view values, std::string_view word) {
  while (!values.empty()) {
    const std::size_t comma = values.find(',');
    if (same_name(trimmed(values.substr(0, comma)), word)) return true;
    values.remove_prefix(comma == std::string_view::npos ? values.size() : comma + 1);
  }
  return false;
}

/// All of `text` as a number; false: it is none, or too large for one.
bool to_number(std::string_view text, int base, std::size_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc{} && end == text.data() + text.size();
}

} // namespace

PlainAnswer::State PlainAnswer::broken(Errc code, std::string why) {
  fault_ = fail(code, std::move(why));
  return State::broken;
}

PlainAnswer::State PlainAnswer::read(std::string_view bytes) {
  began_ = began_ || !bytes.empty();
  State state = State::more;
  while (state == State::more && !bytes.empty()) state = advance(bytes);
  surplus_ = !bytes.empty();
  return state;
}

PlainAnswer::State PlainAnswer::advance(std::string_view& bytes) {
  if (part_ == Part::body || part_ == Part::chunk) return add(bytes);
  const std::size_t end = bytes.find('\n');
  const std::string_view piece = bytes.substr(0, end);
  bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
  if (part_ == Part::chunk_size || part_ == Part::chunk_end) { // as many chunks as it likes
    if (line_.size() + piece.size() > kMaxChunkLine) return broken(Errc::io, not_http("a chunk without a size"));
  } else {
    header_bytes_ += piece.size() + (end == std::string_view::npos ? 0 : 1);
    if (header_bytes_ > kMaxHeaderBytes) return broken(Errc::too_large, headers_too_large(kMaxHeaderBytes));
  }
  if (end == std::string_view::npos) {
    line_ += piece;
    // Another protocol need not have lines.
    constexpr std::string_view http = "HTTP/1.";
    const bool other = part_ == Part::status && !std::string_view(line_).starts_with(http.substr(0, line_.size()));
    return other ? broken(Errc::io, not_http()) : State::more;
  }
  std::string_view line = piece;
  if (!line_.empty()) line = line_.append(piece);
  if (line.ends_with('\r')) line.remove_suffix(1);
  const State state = on_line(line);
  line_.clear();
  return state;
}

PlainAnswer::State PlainAnswer::on_line(std::string_view line) {
  switch (part_) {
  case Part::status: return on_status(line);
  case Part::headers: return line.empty() ? on_headers_end() : on_header(line);
  case Part::chunk_size: return on_chunk_size(line);
  case Part::chunk_end:
    part_ = Part::chunk_size;
    return line.empty() ? State::more : broken(Errc::io, not_http("a chunk is longer than it says"));
  case Part::trailers: break; // they say nothing that is asked for
  case Part::body:
  case Part::chunk: break; // no lines
  }
  return line.empty() ? State::whole : State::more;
}

PlainAnswer::State PlainAnswer::on_status(std::string_view line) {
  std::size_t status = 0;
  const bool good = line.size() >= 12 && (line.starts_with("HTTP/1.1 ") || line.starts_with("HTTP/1.0 ")) &&
                    (line.size() == 12 || line[12] == ' ') && to_number(line.substr(9, 3), 10, status) && status >= 100;
  if (!good) return broken(Errc::io, not_http());
  response_.status = static_cast<int>(status);
  keep_ = line[7] == '1';
  part_ = Part::headers;
  return State::more;
}

PlainAnswer::State PlainAnswer::on_header(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (line.front() == ' ' || line.front() == '\t') return State::foreign;
  if (colon == std::string_view::npos || colon == 0 || line.find('\0') != std::string_view::npos)
    return broken(Errc::io, not_http("a header without a name"));
  const std::string_view name = line.substr(0, colon), value = trimmed(line.substr(colon + 1));
  if (same_name(name, "content-length")) {
    std::size_t length = 0;
    if (!to_number(value, 10, length) || (has_length_ && length != left_))
      return broken(Errc::io, not_http("its length is no number"));
    has_length_ = true;
    left_ = length;
  } else if (same_name(name, "transfer-encoding")) {
    if (chunked_ || !same_name(value, "chunked")) return State::foreign;
    chunked_ = true;
  } else if (same_name(name, "content-encoding")) {
    if (!same_name(value, "identity")) return State::foreign;
  } else if (same_name(name, "connection")) {
    keep_ = !lists(value, "close") && (keep_ || lists(value, "keep-alive"));
  } else if (same_name(name, "content-type")) {
    response_.content_type = value;
  } else if (same_name(name, "retry-after")) {
    response_.retry_after = value;
  }
  return State::more;
}

PlainAnswer::State PlainAnswer::on_headers_end() {
  if (response_.status == 101) return broken(Errc::io, not_http("it wants to speak another protocol"));
  if (response_.status < 200) { // an interim answer; the real one follows
    response_ = {};
    has_length_ = chunked_ = false;
    left_ = 0;
    part_ = Part::status;
    return State::more;
  }
  if (response_.status == 204 || response_.status == 304) return State::whole;
  if (chunked_) {
    keep_ = keep_ && !has_length_; // both: one of the two ends may be mistaken
    part_ = Part::chunk_size;
    return State::more;
  }
  part_ = Part::body;
  until_end_ = !has_length_;
  return has_length_ && left_ == 0 ? State::whole : State::more;
}

PlainAnswer::State PlainAnswer::on_chunk_size(std::string_view line) {
  const std::string_view size = trimmed(line.substr(0, line.find(';')));
  if (size.empty() || !to_number(size, 16, left_)) return broken(Errc::io, not_http("a chunk without a size"));
  part_ = left_ == 0 ? Part::trailers : Part::chunk;
  return State::more;
}

PlainAnswer::State PlainAnswer::too_large(std::size_t more) {
  if (more > max_bytes_ - body_.size()) return broken(Errc::too_large, answer_too_large(max_bytes_));
  return body_.has_room(more) ? State::more : broken(Errc::too_large, answers_too_large());
}

PlainAnswer::State PlainAnswer::add(std::string_view& bytes) {
  const std::size_t size = until_end_ ? bytes.size() : std::min(bytes.size(), left_);
  if (const State state = too_large(size); state != State::more) return state;
  if (!until_end_ && !chunked_ && size == left_ && body_.size() == 0)
    response_.body.assign(bytes.substr(0, size)); // it came in one piece, as most do
  else
    body_.append(bytes.substr(0, size));
  bytes.remove_prefix(size);
  if (until_end_) return State::more;
  left_ -= size;
  if (left_ > 0) return State::more;
  if (!chunked_) return State::whole;
  part_ = Part::chunk_end;
  return State::more;
}

PlainAnswer::State PlainAnswer::end() {
  if (until_end_) return State::whole;
  return broken(Errc::io, began_ ? broke_off("the server closed it") : closed_without_answer());
}

HttpResponse PlainAnswer::take() {
  if (body_.size() > 0) response_.body = body_.take();
  return std::move(response_);
}

} // namespace backstop
