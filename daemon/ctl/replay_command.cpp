#include "daemon/config/read.hpp"
#include "daemon/config/show.hpp"
#include "daemon/ctl/actions.hpp"
#include "daemon/ctl/answers.hpp"
#include "daemon/ctl/fetch.hpp"
#include "daemon/ctl/terminal.hpp"
#include "daemon/io/files.hpp"
#include "daemon/record.hpp"
#include "daemon/replay/past_deployment.hpp"
#include "daemon/replay/recording_text.hpp"
#include "daemon/replay/replay.hpp"
#include <cerrno>
#include <cstring>
#include <fstream>

namespace backstop::ctl {
namespace {

constexpr std::size_t kConfigBytes = std::size_t{1} << 20;
constexpr std::size_t kEventsBytes = std::size_t{64} << 20;
constexpr std::size_t kSamplesBytes = std::size_t{4} << 30;

std::string dropped_text(const DropCounts& dropped) {
  std::string text;
  for (std::size_t i = 0; i < kDropReasons; ++i) {
    if (dropped.counts[i] == 0) continue;
    text += (text.empty() ? "" : ", ") + std::to_string(dropped.counts[i]) + " " +
            std::string(name_of(static_cast<DropReason>(i)));
  }
  return text;
}

/// For a person who looks on; scripts read the lines and the exit code.
std::string summary(const replay::Outcome& outcome) {
  const char* end = outcome.end == replay::Outcome::End::rolled_back ? "rolled back"
                    : outcome.end == replay::Outcome::End::undecided ? "undecided or held: a person would have to look"
                                                                     : "nothing was decided against it";
  std::string text = std::string(end) + "; " + std::to_string(outcome.scrapes) + " scrapes";
  if (const std::string dropped = dropped_text(outcome.dropped); !dropped.empty())
    text += "; impossible samples left out: " + dropped;
  if (outcome.end == replay::Outcome::End::kept && outcome.watched_until > outcome.last)
    text += "; the samples end before the bake does";
  return text + "\n";
}

struct ServiceFile {
  config::Service service;
  Said fault; ///< meaningful where its exit code is not 0
};

ServiceFile service_in(const std::string& text, const std::string& file) {
  config::ServiceOutcome read = config::load_service(text, file);
  if (!read.ok()) {
    const std::string faults = std::to_string(read.faults.size()) + (read.faults.size() == 1 ? " fault" : " faults");
    return {{}, {kInputError, "", config::show_faults(read.faults) + complaint(faults)}};
  }
  read.service.text = text;
  read.service.hash = sha256_hex(text);
  return {std::move(read.service), {}};
}

Said replayed(const replay::Request& request) {
  Result<replay::Outcome> outcome = replay::replay(request);
  if (!outcome) return wrong(outcome.error().what);
  const int exit_code = outcome->end == replay::Outcome::End::rolled_back ? kRolledBack
                        : outcome->end == replay::Outcome::End::undecided ? kUndecided
                                                                          : kDone;
  return {exit_code, std::move(outcome->log), on_terminal() ? summary(*outcome) : ""};
}

/// The rules of `wanted.config`, or those that it was judged by, over what the daemon kept.
Said replay_past(const Invocation& invocation, const Replay& wanted) {
  FetchedDeployment fetched = fetch_deployment(invocation, wanted.deployment);
  if (fetched.fault.exit_code != kDone) return fetched.fault;
  replay::PastDeployment& past = fetched.past;
  ServiceFile then = service_in(past.config_text, wanted.deployment);
  if (then.fault.exit_code != kDone) return then.fault;

  replay::Request request;
  request.service = then.service;
  if (!wanted.config.empty()) {
    const Result<std::string> text = read_file(wanted.config, kConfigBytes);
    if (!text) return wrong(text.error().what);
    ServiceFile now = service_in(*text, wanted.config);
    if (now.fault.exit_code != kDone) return now.fault;
    if (now.service.key() != past.service)
      return wrong(wanted.config + " is of " + now.service.key() + ", and " + wanted.deployment + " of " +
                   past.service);
    request.service = std::move(now.service);
  }
  const Time first = fetched.scrapes.front().t, begun = replay::begun_at(past).value_or(first);
  if (begun <= first)
    return wrong("nothing is kept of the time before " + wanted.deployment +
                 " began, so it cannot be judged (recorder.keep and recorder.max_size say how long samples stay)");
  replay::start_at(past, first);
  request.frozen = replay::still_frozen(past.frozen, then.service, request.service);
  request.events = std::move(past.events);
  const std::string samples = replay::openmetrics_of(fetched.scrapes);
  request.samples = samples;
  request.samples_file = "samples of " + wanted.deployment;
  request.end = wanted.end ? wanted.end : past.rolled_back && !wanted.go_on ? past.rolled_back : past.ended;
  request.go_on = wanted.go_on;
  return replayed(request);
}

} // namespace

Said run_export(const Invocation& invocation, const Export& wanted) {
  FetchedSamples fetched = fetch_samples(invocation, wanted.id);
  if (fetched.fault.exit_code != kDone) return fetched.fault;
  std::string text = replay::openmetrics_of(fetched.scrapes);
  if (wanted.file.empty()) return {kDone, std::move(text), ""};
  std::ofstream file(wanted.file, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) return wrong(wanted.file + ": cannot be written: " + std::strerror(errno));
  return {kDone, "", wanted.file + ": " + std::to_string(fetched.scrapes.size()) + " scrapes of " + wanted.id + "\n"};
}

Said run_replay(const Invocation& invocation, const Replay& wanted) {
  if (!wanted.deployment.empty()) return replay_past(invocation, wanted);
  const Result<std::string> config = read_file(wanted.config, kConfigBytes);
  if (!config) return wrong(config.error().what);
  ServiceFile file = service_in(*config, wanted.config);
  if (file.fault.exit_code != kDone) return file.fault;
  const Result<std::string> samples = read_file(wanted.samples, kSamplesBytes);
  if (!samples) return wrong(samples.error().what);

  replay::Request request;
  request.service = std::move(file.service);
  request.samples = *samples;
  request.samples_file = wanted.samples;
  request.end = wanted.end;
  request.go_on = wanted.go_on;
  if (wanted.deploy_at) {
    request.events = replay::deployed_at(*wanted.deploy_at, request.service.key());
  } else {
    const Result<std::string> text = read_file(wanted.events, kEventsBytes);
    if (!text) return wrong(text.error().what);
    Result<std::vector<replay::Event>> events = replay::read_events(*text, wanted.events, request.service.key());
    if (!events) return wrong(events.error().what);
    request.events = *std::move(events);
  }
  return replayed(request);
}

} // namespace backstop::ctl
