#include "daemon/io/journal_lines.hpp"
#include "collectors/log_lines.hpp"
#include "daemon/io/os_error.hpp"
#include <string_view>
#include <systemd/sd-journal.h>
#include <utility>

namespace backstop {
namespace {

constexpr int kAtOnce = 300; ///< lines between which the loop does other things

struct CloseJournal {
  void operator()(sd_journal* journal) const { sd_journal_close(journal); }
};

Error journal_error(const char* what, int result) {
  return fail(Errc::io, std::string("journal: ") + what + ": " + errno_text(-result));
}

class JournalLines final : public Probe {
public:
  JournalLines(EventLoop& loop, std::string unit, Duration limit, std::string directory)
      : loop_(loop), unit_(std::move(unit)), limit_(limit), directory_(std::move(directory)) {}

  void start(Done done) override {
    done_ = std::move(done);
    if (!journal_) {
      if (Status opened = open(); !opened) return finish(opened.error());
      return finish(ProbeAnswer{SamplesAnswer{lines_.samples(), ""}}); // what was before is none of ours
    }
    until_ = loop_.fresh_now() + limit_;
    // Also takes in files that were added or rotated away.
    if (const int result = sd_journal_process(journal_.get()); result < 0)
      return finish(journal_error("it cannot be followed", result));
    go_on();
  }

private:
  Status open() {
    sd_journal* opened = nullptr;
    const int result = directory_.empty() ? sd_journal_open(&opened, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM)
                                          : sd_journal_open_directory(&opened, directory_.c_str(), 0);
    if (result < 0) return journal_error("it cannot be opened", result);
    std::unique_ptr<sd_journal, CloseJournal> journal(opened);
    if (sd_journal_has_runtime_files(opened) <= 0 && sd_journal_has_persistent_files(opened) <= 0)
      return fail(Errc::unauthorized,
                  "no file of the host's journal can be read: is there one, and is the daemon's user "
                  "in the group systemd-journal?");
    const std::string match = "_SYSTEMD_UNIT=" + unit_;
    if (const int r = sd_journal_get_fd(opened); r < 0) return journal_error("it cannot be followed", r);
    if (const int r = sd_journal_add_match(opened, match.data(), match.size()); r < 0)
      return journal_error("it cannot be searched", r);
    if (const int r = sd_journal_seek_tail(opened); r < 0) return journal_error("it has no end", r);
    if (const int r = sd_journal_previous(opened); r < 0) return journal_error("it has no end", r);
    journal_ = std::move(journal);
    return {};
  }

  void go_on() {
    for (int i = 0; i < kAtOnce; ++i) {
      const int result = sd_journal_next(journal_.get());
      if (result < 0) return finish(journal_error("it cannot be read", result));
      if (result == 0) return finish(ProbeAnswer{SamplesAnswer{lines_.samples(), ""}});
      const void* data = nullptr;
      std::size_t size = 0;
      constexpr std::string_view kField = "PRIORITY=";
      std::string_view priority;
      if (sd_journal_get_data(journal_.get(), "PRIORITY", &data, &size) >= 0 && size > kField.size())
        priority = std::string_view(static_cast<const char*>(data), size).substr(kField.size());
      lines_.add(priority);
    }
    if (loop_.fresh_now() >= until_)
      return finish(ProbeAnswer{SamplesAnswer{lines_.samples(), "more lines are written than can be read in time"}});
    loop_.post([this, alive = std::weak_ptr<int>(alive_)] {
      if (!alive.expired()) go_on();
    });
  }

  void finish(Result<ProbeAnswer> answer) {
    if (!answer) journal_.reset(); // opened anew by the next read
    std::exchange(done_, nullptr)(std::move(answer));
  }

  EventLoop& loop_;
  std::string unit_;
  Duration limit_;
  std::string directory_;
  std::unique_ptr<sd_journal, CloseJournal> journal_;
  LogLines lines_;
  Time until_{};
  Done done_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

} // namespace

std::unique_ptr<Probe> journal_lines(EventLoop& loop, std::string unit, Duration limit, std::string directory) {
  return std::make_unique<JournalLines>(loop, std::move(unit), limit, std::move(directory));
}

} // namespace backstop
