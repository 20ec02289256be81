#include "daemon/step/command.hpp"
#include "daemon/step/fd.hpp"
#include "daemon/step/files.hpp"
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fcntl.h>

namespace backstop::step {

std::string error_text(int error) {
  std::string text = std::strerror(error);
  // "Is a directory" becomes "is a directory"; "RPC failed" stays.
  if (text.size() > 1 && text[1] >= 'a' && text[0] >= 'A' && text[0] <= 'Z')
    text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

bool read_command(int directory, Command& out) {
  const Fd file(::openat(directory, kCommand, O_RDONLY | O_CLOEXEC));
  std::string text;
  Fields fields;
  if (!file || !read_all(file.get(), text, kFileLimit) || !parse(text, fields)) return false;
  std::int64_t timeout = 0;
  std::int64_t kill_after = -1;
  std::int64_t limit = -1;
  for (auto& [name, value] : fields) {
    if (name == "argv") out.argv.push_back(std::move(value));
    if (name == "environment") out.environment.push_back(std::move(value));
    if (name == "user") out.user = std::move(value);
    if (name == "directory") out.directory = std::move(value);
    if (name == "lock_file") out.lock_file = std::move(value);
    if (name == "timeout_us" && !to_number(value, timeout)) return false;
    if (name == "kill_after_us" && !to_number(value, kill_after)) return false;
    if (name == "output_limit" && !to_number(value, limit)) return false;
  }
  if (out.argv.empty() || timeout <= 0 || kill_after < 0 || limit < 0) return false;
  // A century, so that adding it to a time point cannot overflow.
  constexpr std::int64_t most = std::int64_t{100} * 365 * 86400 * 1'000'000;
  out.timeout = std::chrono::microseconds(std::min(timeout, most));
  out.kill_after = std::chrono::microseconds(std::min(kill_after, most));
  out.output_limit = static_cast<std::size_t>(limit);
  return true;
}

bool write_outcome(int directory, const Outcome& outcome) {
  std::string text;
  put(text, "ended", outcome.end);
  put_number(text, "status", outcome.status);
  put_number(text, "took_us", outcome.took.count());
  put(text, "detail", std::string_view(outcome.detail).substr(0, kDetailLimit));
  put_number(text, "output_cut", outcome.output_cut ? 1 : 0);
  put(text, "output", outcome.output);
  put_end(text);
  // No O_TRUNC: the file has its space already, and giving it back first would lose it to a disk that is full.
  const Fd file(::openat(directory, kOutcomeTmp, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  return file && write_all(file.get(), text) && ::ftruncate(file.get(), static_cast<off_t>(text.size())) == 0 &&
         ::renameat(directory, kOutcomeTmp, directory, kOutcome) == 0;
}

} // namespace backstop::step
