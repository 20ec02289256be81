#pragma once
#include "daemon/io/plain_answer.hpp"
#include <algorithm>
#include <string>
#include <string_view>

/// What holds for any bytes as the answer of a server: shared by the fuzzer and the replay of its corpus.
namespace backstop::fuzz {

struct ReadAnswer {
  PlainAnswer::State state = PlainAnswer::State::more;
  std::string fault;
  HttpResponse response;
};

/// Reads `data` in pieces of at most `piece` bytes, then the connection ends.
inline ReadAnswer read_in_pieces(std::string_view data, std::size_t piece, std::size_t max_bytes) {
  AnswersUnderWay all;
  PlainAnswer answer(all, max_bytes);
  ReadAnswer read;
  while (read.state == PlainAnswer::State::more && !data.empty()) {
    const std::string some(data.substr(0, piece)); // a copy of its exact size, so that reading past its end is seen
    data.remove_prefix(some.size());
    read.state = answer.read(some);
  }
  if (read.state == PlainAnswer::State::more) read.state = answer.end();
  if (read.state == PlainAnswer::State::broken) read.fault = answer.fault().what;
  if (read.state == PlainAnswer::State::whole) read.response = answer.take();
  return read;
}

/// The rule that is broken, empty when all hold.
inline std::string check_plain_answer(std::string_view data) {
  constexpr std::size_t most = 4096;
  const ReadAnswer whole = read_in_pieces(data, std::max<std::size_t>(data.size(), 1), most);
  if (whole.state == PlainAnswer::State::more) return "it ends with the connection";
  if (whole.response.body.size() > most) return "no more body than is allowed";
  if (whole.state == PlainAnswer::State::broken && (whole.fault.empty() || whole.fault.size() > 200))
    return "a fault is a sentence";
  if (whole.state == PlainAnswer::State::whole && (whole.response.status < 200 || whole.response.status > 999))
    return "a whole answer has a final status";
  for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{61}}) {
    const ReadAnswer again = read_in_pieces(data, piece, most);
    if (again.state != whole.state || again.fault != whole.fault || again.response.status != whole.response.status ||
        again.response.body != whole.response.body || again.response.content_type != whole.response.content_type ||
        again.response.retry_after != whole.response.retry_after)
      return "it does not matter in which pieces it comes";
  }
  return "";
}

} // namespace backstop::fuzz
