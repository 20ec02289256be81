#pragma once
#include "collectors/http_fetcher.hpp"
#include "daemon/io/answer_blocks.hpp"
#include <string>
#include <string_view>

namespace backstop {

/// Reads one answer to a GET as it comes from the socket: HTTP/1.0 and 1.1 (RFC 9112), with a length, in chunks, or until
/// the connection ends. What it does not know it leaves to libcurl (`foreign`): other encodings, folded headers.
class PlainAnswer {
public:
  static constexpr std::size_t kMaxHeaderBytes = std::size_t{64} << 10; ///< of all headers, trailers included

  enum class State {
    more,    ///< so far so good
    whole,   ///< take() has it
    foreign, ///< to be asked for again by somebody who knows more
    broken,  ///< fault() says why
  };

  /// `all` outlives it. At most `max_bytes` of body are taken.
  PlainAnswer(AnswersUnderWay& all, std::size_t max_bytes) : body_(&all), max_bytes_(max_bytes) {}

  /// The next bytes of the connection.
  State read(std::string_view bytes);
  /// The server has closed the connection.
  State end();

  [[nodiscard]] bool began() const { return began_; } ///< at least one byte came
  [[nodiscard]] std::size_t received() const { return body_.size(); }
  /// Whether the connection can be used for another request; of a whole answer.
  [[nodiscard]] bool keeps_connection() const { return keep_ && !until_end_ && !surplus_; }
  [[nodiscard]] const Error& fault() const { return fault_; }
  /// The whole answer, moved out.
  HttpResponse take();

private:
  enum class Part { status, headers, body, chunk_size, chunk, chunk_end, trailers };
  State advance(std::string_view& bytes);
  State on_line(std::string_view line);
  State on_status(std::string_view line);
  State on_header(std::string_view line);
  State on_headers_end();
  State on_chunk_size(std::string_view line);
  State add(std::string_view& bytes);
  State too_large(std::size_t more);
  State broken(Errc code, std::string why);

  AnswerBody body_;
  std::size_t max_bytes_;
  HttpResponse response_;
  Error fault_;
  Part part_ = Part::status;
  std::string line_; ///< what came of a line that is not whole
  std::size_t header_bytes_ = 0;
  std::size_t left_ = 0; ///< of the body or of the chunk
  bool began_ = false, has_length_ = false, chunked_ = false, until_end_ = false, keep_ = false, surplus_ = false;
};

} // namespace backstop
