#pragma once
#include "daemon/config/read.hpp"
#include "rules/result.hpp"
#include <string>

namespace backstop::runner {

/// The files that only root can write, as the runner reads them: what may be run comes from here alone. A deployment goes
/// by the file as it was when it began, so each version of a service's file that was ever in force is kept under its hash.
class Configs {
public:
  /// `path` is backstop.yaml, `archive` the runner's own directory of kept files. `files` must refuse what others than
  /// root can write.
  Configs(std::string path, std::string archive, config::Files files);

  /// Keeps the file of `service` ("shop/production"), which must have `hash` now, and with it those of all others.
  Status remember(const std::string& service, const std::string& hash);
  /// The file of `service` with `hash`: a kept one, or the one that is there now.
  Result<config::Service> service(const std::string& service, const std::string& hash);
  /// A channel as it is configured now.
  Result<config::Channel> channel(const std::string& name);

private:
  [[nodiscard]] Result<config::Service> found_in(const config::LoadOutcome& loaded, const std::string& service,
                                                 const std::string& hash) const;
  [[nodiscard]] Result<config::Service> kept(const std::string& service, const std::string& hash) const;
  [[nodiscard]] std::string place_of(const std::string& hash) const;
  std::string path_;
  std::string archive_;
  config::Files files_;
};

/// The real files, refused where the file or its directory belongs to another than root, or others can write it.
config::Files root_files();

} // namespace backstop::runner
