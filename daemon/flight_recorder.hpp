#pragma once
#include "daemon/seams.hpp"
#include "daemon/service_watch.hpp"
#include "daemon/state.hpp"
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace backstop {

/// Keeps what every target gave, as the rules got it, for the time in which somebody may ask: of each service the last
/// half hour, and of each deployment from half an hour before `deploy begin` to its end. So a deployment can be exported
/// and replayed. Never in the way: what cannot be written is told once and left out.
class FlightRecorder {
public:
  static constexpr Duration kBefore{std::chrono::minutes(30)};    ///< of `deploy begin`
  static constexpr Duration kWriteEvery{std::chrono::seconds(5)}; ///< a killed daemon loses no more
  static constexpr Duration kForgetEvery{std::chrono::minutes(1)};
  static constexpr std::size_t kMostWaiting = 10'000; ///< values, a quarter of a MiB: then it is written sooner

  FlightRecorder(Recorder& recorder, Log& log) : recorder_(recorder), log_(log) {}

  /// Takes in what a target gave.
  void note(const ServiceWatch& watch, const Scrape& scrape);
  /// Something was decided: what was taken in is written with the next settle(), however young it is.
  void hurry() { hurried_ = true; }
  /// Writes what waits, if it is time; and lets go what is of no deployment of `state` and too old. Null: it is not known
  /// which deployments there were, and nothing goes.
  void settle(const State* state, Time now);
  /// Writes what waits.
  void flush();

  /// What is kept of a service, see Recorder::scrapes(); what waits is written before.
  Result<std::vector<KeptScrape>> scrapes(const std::string& service, Time from, Time to, std::size_t most);
  /// The scrapes of a deployment that was begun are those of [first, second).
  static std::pair<Time, Time> span_of(const DeploymentState& deployment);

private:
  struct Name {
    std::uint32_t series = 0;
    std::uint32_t seen = 0; ///< number of the scrape it was in last
    SharedText text;
  };
  /// What the ids in scrapes of one target stand for.
  struct Target {
    std::shared_ptr<const ScrapedTarget> of;
    std::vector<Name> names;   ///< sorted by series
    std::uint32_t scrapes = 0; ///< good ones; begins anew at 0
  };
  struct Service {
    std::uint64_t generation = 0;             ///< of the watch: ids are given anew with another
    std::vector<std::vector<Target>> targets; ///< by source, by target
    Time forgotten{};                         ///< when old scrapes were last let go
  };
  Target& target_of(const ServiceWatch& watch, const Scrape& scrape);
  static void take_names(Target& target, const std::vector<NamedSeries>& named);
  static void forget_names(Target& target);
  void forget_old(const std::string& service, const State& state, Time now);
  void tell(const Status& status);

  Recorder& recorder_;
  Log& log_;
  std::unordered_map<std::string, Service> services_;    ///< by key
  std::vector<std::pair<std::uint32_t, double>> values_; ///< of the scrape at hand
  std::vector<KeptScrape> waiting_;
  std::size_t waiting_values_ = 0;
  Time oldest_waiting_ = kNever;
  bool hurried_ = false;
  std::string failed_; ///< why it could not be written, last time
};

} // namespace backstop
