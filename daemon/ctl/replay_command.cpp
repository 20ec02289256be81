#include "daemon/ctl/actions.hpp"
#include "daemon/ctl/answers.hpp"
#include "daemon/ctl/fetch.hpp"
#include "daemon/ctl/past_request.hpp"
#include "daemon/ctl/terminal.hpp"
#include "daemon/io/files.hpp"
#include "daemon/replay/recording_text.hpp"
#include "daemon/replay/replay.hpp"
#include <cerrno>
#include <cstring>
#include <fstream>

namespace backstop::ctl {
namespace {

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
  PastRequest past;
  if (Said fault = request_of(invocation, wanted.deployment, wanted.config, past); fault.exit_code != kDone)
    return fault;
  if (wanted.end) past.request.end = wanted.end;
  if (wanted.go_on && !wanted.end) past.request.end = past.ended;
  past.request.go_on = wanted.go_on;
  return replayed(past.request);
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
