#include "tests/fakes/faulty_journal.hpp"

namespace backstop {

void FaultyJournal::plan(Fault fault, std::uint64_t n, std::uint64_t count) {
  fault_ = fault;
  first_ = n;
  last_ = n + count - 1;
}

void FaultyJournal::fail_at(std::uint64_t n, std::uint64_t count) { plan(Fault::fails, n, count); }
void FaultyJournal::crash_before(std::uint64_t n) { plan(Fault::crashes_before, n, 1); }
void FaultyJournal::crash_after(std::uint64_t n) { plan(Fault::crashes_after, n, 1); }

Status FaultyJournal::append(std::span<Record> records) {
  if (crashed_) return fail(Errc::io, "the process is dead");
  if (closed_) return fail(Errc::io, "journal.db: cannot be opened");
  ++appends_;
  const Fault fault = appends_ >= first_ && appends_ <= last_ ? fault_ : Fault::none;
  switch (fault) {
  case Fault::none: return inner_.append(records);
  case Fault::fails: return fail(Errc::io, "journal.db: no space left on this file system (or a quota is used up)");
  case Fault::crashes_before: break;
  case Fault::crashes_after:
    if (Status written = inner_.append(records); !written) return written;
    break;
  }
  crashed_ = true;
  throw Crash{appends_};
}

Status FaultyJournal::read(std::uint64_t after, const std::function<Status(const Record&)>& each) const {
  if (closed_) return fail(Errc::io, "journal.db: cannot be opened");
  return inner_.read(after, each);
}

} // namespace backstop
