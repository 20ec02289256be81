#pragma once
#include "daemon/ctl/invocation.hpp"
#include "daemon/replay/past_deployment.hpp"
#include "daemon/report/report.hpp"
#include "daemon/seams.hpp"
#include <string>
#include <vector>

/// What the daemon kept of a deployment, page by page over the control socket.
namespace backstop::ctl {

struct FetchedSamples {
  std::vector<KeptScrape> scrapes; ///< in order of time; at least one
  Said fault;                      ///< what to say instead, where its exit code is not 0
};
FetchedSamples fetch_samples(const Invocation& invocation, const std::string& id);

struct FetchedDeployment {
  std::vector<KeptScrape> scrapes;
  replay::PastDeployment past;
  Said fault;
};
FetchedDeployment fetch_deployment(const Invocation& invocation, const std::string& id);

struct FetchedMaterial {
  report::Material material;
  Said fault;
};
/// For a report of a deployment or an incident. That no samples are left is no fault.
FetchedMaterial fetch_material(const Invocation& invocation, const std::string& id);

} // namespace backstop::ctl
