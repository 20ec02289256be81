#pragma once
#include "daemon/seams.hpp"

namespace backstop {

/// What FaultyJournal throws where a process would die. For tests alone: nothing in the daemon catches it.
struct Crash {
  std::uint64_t append = 0; ///< which append it was
};

/// A Journal before another one, that goes wrong at a chosen append. Appends count from 1. To be used in a loop over every
/// n, until a whole run has fewer appends than n. After a crash nothing is written any more (the process is dead), also
/// not by destructors on the way out: take a new FaultyJournal over the same inner journal for "after the restart".
class FaultyJournal : public Journal {
public:
  explicit FaultyJournal(Journal& inner) : inner_(inner) {}

  /// The appends n, n+1, ... n+count-1 fail as on a full disk; nothing of them is written.
  void fail_at(std::uint64_t n, std::uint64_t count = 1);
  /// Throws Crash at append n instead of writing it.
  void crash_before(std::uint64_t n);
  /// Writes append n, then throws Crash: on the disk, and the caller never learned of it.
  void crash_after(std::uint64_t n);

  /// While set, nothing can be read or appended, as with a file that cannot be opened.
  void close(bool closed) { closed_ = closed; }

  Status append(std::span<Record> records) override;
  Status read(std::uint64_t after, const std::function<Status(const Record&)>& each) const override;
  Status let_go(std::uint64_t compacted) override { return inner_.let_go(compacted); }

  [[nodiscard]] std::uint64_t appends() const { return appends_; } ///< calls so far, failed ones too
  [[nodiscard]] bool crashed() const { return crashed_; }

private:
  enum class Fault { none, fails, crashes_before, crashes_after };
  void plan(Fault fault, std::uint64_t n, std::uint64_t count);

  Journal& inner_;
  Fault fault_ = Fault::none;
  std::uint64_t first_ = 0;
  std::uint64_t last_ = 0;
  std::uint64_t appends_ = 0;
  bool crashed_ = false;
  bool closed_ = false;
};

} // namespace backstop
