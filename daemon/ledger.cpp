#include "daemon/ledger.hpp"
#include <utility>

namespace backstop {

Ledger::Ledger(Journal& journal, ReadFrozen read_frozen, std::string boot)
    : journal_(journal), fold_(std::move(read_frozen)), boot_(std::move(boot)) {}

void Ledger::add(Payload payload, Time now, const std::string& actor) {
  Record record;
  record.seq = state().last_record + 1;
  record.time = now;
  record.boot = boot_;
  record.actor = actor;
  record.type = type_of(payload);
  record.subject = subject_of(payload);
  record.payload = encode(payload);
  fold_.apply(record, payload);
  pending_.push_back(std::move(record));
  pending_payloads_.push_back(std::move(payload));
}

void Ledger::after_commit(Act act) { acts_.push_back(std::move(act)); }

Status Ledger::flush() {
  if (!pending_.empty()) {
    if (Status s = journal_.append(pending_); !s) {
      broken_ = s.error().what;
      return s;
    }
    broken_.clear();
    if (on_commit) on_commit();
    const std::vector<Record> records = std::exchange(pending_, {});
    const std::vector<Payload> payloads = std::exchange(pending_payloads_, {});
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (on_durable) on_durable(records[i], payloads[i]);
    }
  }
  for (const Act& act : std::exchange(acts_, {})) act();
  return {};
}

Status Ledger::recover() { return fold_journal(journal_, fold_); }

} // namespace backstop
