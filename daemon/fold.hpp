#pragma once
#include "daemon/records.hpp"
#include "daemon/state.hpp"
#include "rules/result.hpp"
#include <functional>
#include <memory>
#include <string>

namespace backstop {

class Journal;

/// Reads a frozen configuration text again. Given to the fold so that it stays free of the YAML reader; tests give their
/// own. An error leaves the deployment without a configuration: it is shown, and never acted upon.
using ReadFrozen = std::function<Result<config::Service>(const std::string& text, const std::string& service)>;

/// The fold: the only way the State changes, live and in recovery alike.
class Fold {
public:
  explicit Fold(ReadFrozen read_frozen);
  [[nodiscard]] const State& state() const { return state_; }
  /// Applies one committed record.
  void apply(const Record& record, const Payload& payload);

  /// Delivery attempts are not records; their count and next time are kept here so that all of the outbox is one place.
  void notice_attempt(const std::string& key, bool sending, Time next_attempt, const Error& error);

private:
  struct Applier;
  [[nodiscard]] std::string deployment_of(const Payload& payload) const;
  ReadFrozen read_frozen_;
  State state_;
};

/// Takes in one record as a journal has it. Errors: as decode(), and nothing was taken in.
Status fold_in(Fold& fold, const Record& record);
/// Takes in a whole journal. After an error `fold` has what came before it.
Status fold_journal(const Journal& journal, Fold& fold);

} // namespace backstop
