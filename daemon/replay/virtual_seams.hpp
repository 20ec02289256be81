#pragma once
#include "daemon/seams.hpp"
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

/// The world of a replay: nothing in it happens.
namespace backstop::replay {

/// Keeps what was put last as it is: the app saves a watch every few seconds, and only a restart reads it.
class NewestValues final : public Recorder {
public:
  Status put(std::string_view key, const Json& value) override {
    values_.insert_or_assign(std::string(key), value);
    return {};
  }
  Result<Json> get(std::string_view key) const override {
    const auto found = values_.find(key);
    return found == values_.end() ? Json{} : found->second;
  }
  Status note_scrapes(std::span<const KeptScrape>) override { return {}; }
  Result<std::vector<KeptScrape>> scrapes(std::string_view, Time, Time, std::size_t) const override {
    return std::vector<KeptScrape>{};
  }
  Status forget_scrapes(std::string_view, Time, Time) override { return {}; }

private:
  std::map<std::string, Json, std::less<>> values_;
};

/// Questions are taken out of the configuration of a replay. Where a rollback may begin, its first command never ends;
/// elsewhere none begins.
class NoSteps final : public StepRunner {
public:
  explicit NoSteps(bool may_begin) : may_begin_(may_begin) {}
  Status start(const StepKey& key, const StepCommand&) override {
    if (may_begin_) return {};
    return fail(Errc::refused, key.text() + ": nothing is run in a replay");
  }
  Seen adopt(const StepKey&) override { return Seen::never; }
  void cancel(const StepKey&) override {}
  void forget(const StepKey&) override {}
  [[nodiscard]] std::string_view runs_as() const override { return "nothing"; }
  [[nodiscard]] bool confines() const override { return true; }

private:
  bool may_begin_;
};

class DeliveredAtOnce final : public Notifier {
public:
  void send(const Notice&, Done done) override { done({}); }
};

class NoLog final : public Log {
public:
  void write(LogLevel, const std::string&, const Fields&) override {}
};

} // namespace backstop::replay
