#pragma once
#include <optional>
#include <string>
#include <sys/types.h>

/// The service as a process among others: its listening socket, its pid file, its starter, its log.
namespace checkout {

/// One line to stdout, with the time (UTC).
void log_line(const std::string& text);

/// A non-blocking listening socket on "127.0.0.1:8080". `shared`: another process of ours may listen there too
/// (SO_REUSEPORT); otherwise an address that is taken is refused. On failure -1, and `why`.
int listen_on(const std::string& address, bool shared, std::string& why);
/// A port of 127.0.0.1 that nobody listens on now; 0: none.
int free_port();

/// Ends this process when its parent ends, until `outlive_parent`. False: the parent is not `parent`, it ended before.
bool live_with_parent(pid_t parent);
void outlive_parent();

/// Who serves, by a file that names the pid.
class PidFile {
public:
  /// Empty path: no file, no predecessor.
  explicit PidFile(std::string path) : path_(std::move(path)) {}

  /// The process named in the file if it lives and was started with the same pid file: a number alone may by now belong
  /// to anybody.
  [[nodiscard]] std::optional<pid_t> predecessor() const;
  /// Puts our pid into it, in one step.
  bool claim(std::string& why) const;
  /// Removes it if it still names us.
  void release() const;

private:
  std::string path_;
};

} // namespace checkout
