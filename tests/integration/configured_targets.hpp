#pragma once
#include "daemon/config/read.hpp"
#include "daemon/config/show.hpp"
#include "daemon/io/local_fetcher.hpp"
#include "daemon/io/files.hpp"
#include "daemon/io/probes.hpp"
#include <gtest/gtest.h>
#include <map>
#include <stdexcept>

namespace backstop {

/// The targets of a service whose sources are written as in a configuration, each with the probe that the daemon makes
/// for it, on a loop of their own.
class ConfiguredTargets {
public:
  struct Answer {
    std::map<std::string, double> samples; ///< "name" or "name{label}", by the values of the labels
    std::string note;
  };

  /// `sources`, `indicators`: what stands behind these keys.
  explicit ConfiguredTargets(const std::string& sources, const std::string& indicators = "{}") {
    const auto read = config::load_service(
        "service: shop\nmode: observe\nindicators: " + indicators + "\nsources: " + sources, "shop");
    if (!read.ok()) throw std::runtime_error(config::show_faults(read.faults));
    auto compiled = config::compile(read.service);
    if (!compiled) throw std::runtime_error(compiled.error().what);
    block_signals();
    loop_ = *EventLoop::create();
    fetcher_ = std::make_unique<LocalFetcher>(*loop_);
    units_ = std::make_unique<SystemdUnits>(*loop_);
    plugins_ = std::make_unique<ChildPlugins>(*loop_);
    watch_ = std::make_unique<ServiceWatch>(std::make_shared<const config::Service>(read.service), *compiled);
    targets_ = make_targets(*watch_, {*loop_, *fetcher_, *units_, *plugins_, secrets_});
  }

  [[nodiscard]] std::size_t size() const { return targets_.size(); }
  [[nodiscard]] EventLoop& loop() { return *loop_; }
  [[nodiscard]] HttpFetcher& fetcher() { return *fetcher_; }
  [[nodiscard]] const ServiceWatch& watch() const { return *watch_; }

  /// One read of a target, to its end.
  Result<Answer> read(std::size_t target = 0) {
    std::optional<Result<ProbeAnswer>> got;
    targets_.at(target).probe->start([&](Result<ProbeAnswer> answer) { got = std::move(answer); });
    // The bound is there for a failing test alone.
    for (const Time limit = loop_->fresh_now() + std::chrono::seconds(20); !got && loop_->fresh_now() < limit;)
      loop_->run_once(std::chrono::milliseconds(100));
    if (!got) return fail(Errc::invalid, "the probe never answered");
    if (!*got) return got->error();
    const auto& answered = std::get<SamplesAnswer>(**got);
    Answer answer{{}, answered.note};
    for (const RawSample& s : answered.samples)
      answer.samples[s.labels.empty() ? s.name : s.name + "{" + shown(s.labels) + "}"] = s.value;
    return answer;
  }

private:
  static std::string shown(const std::vector<std::pair<std::string, std::string>>& labels) {
    std::string text;
    for (const auto& [name, value] : labels) text += (text.empty() ? "" : ",") + value;
    return text;
  }
  const ReadSecret secrets_ = secret_reader();
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<LocalFetcher> fetcher_;
  std::unique_ptr<SystemdUnits> units_;
  std::unique_ptr<ChildPlugins> plugins_;
  std::unique_ptr<ServiceWatch> watch_;
  std::vector<ScrapeTarget> targets_;
};

} // namespace backstop
