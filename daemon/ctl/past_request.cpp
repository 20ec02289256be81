#include "daemon/ctl/past_request.hpp"
#include "daemon/config/read.hpp"
#include "daemon/config/show.hpp"
#include "daemon/ctl/answers.hpp"
#include "daemon/ctl/fetch.hpp"
#include "daemon/io/files.hpp"
#include "daemon/record.hpp"
#include "daemon/replay/recording_text.hpp"
#include <algorithm>
#include <utility>

namespace backstop::ctl {

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

Said request_of(const Invocation& invocation, const std::string& deployment, const std::string& config,
                PastRequest& out) {
  FetchedDeployment fetched = fetch_deployment(invocation, deployment);
  if (fetched.fault.exit_code != kDone) return fetched.fault;
  replay::PastDeployment& past = fetched.past;
  ServiceFile then = service_in(past.config_text, deployment);
  if (then.fault.exit_code != kDone) return then.fault;

  out.request.service = then.service;
  if (!config.empty()) {
    const Result<std::string> text = read_file(config, kConfigBytes);
    if (!text) return wrong(text.error().what);
    ServiceFile now = service_in(*text, config);
    if (now.fault.exit_code != kDone) return now.fault;
    if (now.service.key() != past.service)
      return wrong(config + " is of " + now.service.key() + ", and " + deployment + " of " + past.service);
    out.request.service = std::move(now.service);
  }
  Time first = kNever; // that was known: samples of late sources may be of before the daemon started
  for (const KeptScrape& scrape : fetched.scrapes) first = std::min(first, scrape.t + scrape.took);
  const Time begun = replay::begun_at(past).value_or(first);
  if (begun <= first)
    return wrong("nothing is kept of the time before " + deployment +
                 " began, so it cannot be judged (recorder.keep and recorder.max_size say how long samples stay)");
  replay::start_at(past, first);
  out.request.frozen = replay::still_frozen(past.frozen, then.service, out.request.service);
  out.request.events = std::move(past.events);
  out.samples = replay::openmetrics_of(fetched.scrapes);
  out.request.samples = out.samples;
  out.request.samples_file = "samples of " + deployment;
  out.ended = past.ended;
  out.request.end = past.rolled_back ? past.rolled_back : past.ended;
  return {};
}

} // namespace backstop::ctl
