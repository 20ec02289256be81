#pragma once
#include "daemon/traffic/deadline.hpp"
#include "daemon/traffic/weights.hpp"
#include "rules/result.hpp"
#include <string>
#include <vector>

namespace backstop::traffic {

struct NginxPlace {
  std::string file;     ///< absolute; written by us alone, and included by the configuration of nginx
  std::string upstream; ///< name of the upstream block in it
  std::vector<std::string> test{"/usr/sbin/nginx", "-t"};
  std::vector<std::string> reload{"/usr/sbin/nginx", "-s", "reload"};
};

/// The whole file. Its first line says who wrote it and what the shares are; options of the user's own for the block are
/// included from FILE.options where there is such a file. Servers without traffic are `down`.
Result<std::string> nginx_text(const NginxPlace& place, const Split& split);

/// Writes the file, tests it, has nginx load it. The file is there as the old or the new one at every instant. Where the test
/// or the reload fails the old one is put back. The result says what is in force.
///
/// What nginx has loaded cannot be asked. So a copy of the file, named .NAME.loaded and in the same folder, is removed before
/// the file changes and written after the reload was accepted: the two are the same only where nothing was left half-way.
/// Killed at any instant and run again, it reloads, though the file be as wanted already.
Result<std::string> set_by_nginx(const NginxPlace& place, const Split& split, const Deadline& deadline);
/// Whether the file and its copy are exactly so: written, and the reload accepted. That nginx runs at all, that it could load
/// what its test accepted, and that nobody gave it another file since, is not seen from here.
Result<std::string> check_by_nginx(const NginxPlace& place, const Split& split);

} // namespace backstop::traffic
