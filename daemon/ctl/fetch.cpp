#include "daemon/ctl/fetch.hpp"
#include "daemon/ctl/answers.hpp"
#include "daemon/io/control_client.hpp"
#include "daemon/past_views.hpp"
#include <chrono>
#include <functional>
#include <thread>

namespace backstop::ctl {
namespace {

constexpr Duration kAnswer = std::chrono::seconds(30);
constexpr auto kPause = std::chrono::milliseconds(500); ///< when the daemon has had enough of questions for now
constexpr int kTooMany = 429;
constexpr int kPauses = 20;

/// Asks for page after page. `read` gives the number that the next page is asked with; zero: that was the last one.
Said fetch_pages(const Invocation& invocation, const std::string& path, const std::string& field,
                 const std::function<Result<std::uint64_t>(const Json&)>& read) {
  const ControlClient client(invocation.socket);
  std::string query;
  for (;;) {
    Result<ControlClient::Answer> answer = client.request("GET", path + query, "", kAnswer);
    for (int n = 0; n < kPauses && answer && answer->status == kTooMany; ++n) {
      std::this_thread::sleep_for(kPause);
      answer = client.request("GET", path + query, "", kAnswer);
    }
    if (!answer || answer->status >= 400) return said_of(invocation, Call{}, answer, {});
    const Result<Json> page = Json::parse(answer->body);
    if (!page) return {kUnreachable, "", complaint("the daemon's answer is not understood: " + page.error().what)};
    const Result<std::uint64_t> next = read(*page);
    if (!next) return {kUnreachable, "", complaint("the daemon's answer is not understood: " + next.error().what)};
    if (*next == 0) return {};
    query = "?" + field + "=" + std::to_string(*next);
  }
}

std::string path_of(const std::string& id, const char* what) {
  return "/v1/deployments/" + ControlClient::encoded(id) + "/" + what;
}

} // namespace

FetchedSamples fetch_samples(const Invocation& invocation, const std::string& id) {
  FetchedSamples fetched;
  fetched.fault = fetch_pages(invocation, path_of(id, "samples"), "from_us", [&](const Json& page) {
    const Result<Time> next = read_samples_page(page, "", fetched.scrapes);
    return next ? Result<std::uint64_t>(static_cast<std::uint64_t>(to_us(*next))) : next.error();
  });
  return fetched;
}

FetchedDeployment fetch_deployment(const Invocation& invocation, const std::string& id) {
  FetchedDeployment fetched;
  FetchedSamples samples = fetch_samples(invocation, id);
  fetched.scrapes = std::move(samples.scrapes);
  fetched.fault = std::move(samples.fault);
  if (fetched.fault.exit_code != kDone) return fetched;
  std::vector<Record> records;
  std::map<std::string, Time> held;
  fetched.fault = fetch_pages(invocation, path_of(id, "records"), "after", [&](const Json& page) {
    if (const Json::Object* holds = page["held"].as_object()) {
      for (const auto& [key, until] : *holds)
        if (until.as_int()) held[key] = time_from_us(*until.as_int());
    }
    return read_records_page(page, records);
  });
  if (fetched.fault.exit_code != kDone) return fetched;
  Result<replay::PastDeployment> past = replay::past_deployment(id, records, held);
  if (past)
    fetched.past = *std::move(past);
  else
    fetched.fault = wrong(past.error().what);
  return fetched;
}

FetchedMaterial fetch_material(const Invocation& invocation, const std::string& id) {
  FetchedMaterial fetched;
  report::Material& material = fetched.material;
  fetched.fault = fetch_pages(invocation, "/v1/records/" + ControlClient::encoded(id), "after", [&](const Json& page) {
    material.deployment = page.text("deployment");
    material.incident = page.text("incident");
    return read_records_page(page, material.records);
  });
  if (fetched.fault.exit_code != kDone) return fetched;
  FetchedSamples samples = fetch_samples(invocation, material.deployment);
  if (samples.fault.exit_code == kUnreachable) {
    fetched.fault = std::move(samples.fault);
  } else if (samples.fault.exit_code != kDone) {
    material.no_scrapes = "nothing was recorded of it, or it is too old";
  } else {
    material.scrapes = std::move(samples.scrapes);
  }
  return fetched;
}

} // namespace backstop::ctl
