#include "daemon/io/log.hpp"
#include <algorithm>
#include <cstdlib>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>
#include <unistd.h>

namespace backstop {
namespace {

/// One line a message: what came from outside (a version, a step's output) cannot forge another line.
std::string one_line(const std::string& text) {
  std::string out = text;
  std::replace_if(
      out.begin(), out.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return out;
}

class JournaldLog final : public Log {
public:
  void write(LogLevel level, const std::string& message, const Fields& fields) override {
    static constexpr int kPriority[] = {LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERR};
    std::vector<std::string> texts{"MESSAGE=" + one_line(message),
                                   "PRIORITY=" + std::to_string(kPriority[static_cast<int>(level)]),
                                   "SYSLOG_IDENTIFIER=backstopd"};
    for (const auto& [name, value] : fields) texts.push_back(name + "=" + one_line(value));
    std::vector<iovec> parts;
    for (std::string& text : texts) parts.push_back({text.data(), text.size()});
    sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
  }
};

class TextLog final : public Log {
public:
  TextLog() : logger_("backstopd", std::make_shared<spdlog::sinks::stderr_sink_st>()) {
    logger_.set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %-7l %v", spdlog::pattern_time_type::utc);
    logger_.set_level(spdlog::level::info);
    logger_.flush_on(spdlog::level::info);
  }
  void write(LogLevel level, const std::string& message, const Fields&) override {
    static constexpr spdlog::level::level_enum kLevels[] = {spdlog::level::debug, spdlog::level::info,
                                                            spdlog::level::warn, spdlog::level::err};
    logger_.log(kLevels[static_cast<int>(level)], one_line(message));
  }

private:
  spdlog::logger logger_;
};

bool stderr_is_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat info {};
  if (!stream || ::fstat(STDERR_FILENO, &info) != 0) return false;
  return std::string(stream) == std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
}

} // namespace

std::unique_ptr<Log> make_log() {
  if (stderr_is_journal()) return std::make_unique<JournaldLog>();
  return std::make_unique<TextLog>();
}

} // namespace backstop
