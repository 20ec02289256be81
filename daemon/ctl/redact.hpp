#pragma once
#include "daemon/config/config.hpp"
#include <functional>
#include <set>
#include <string>

/// Takes secrets out of text that leaves the host. Pure.
namespace backstop::ctl {

class Redactor {
public:
  /// Reads a secret, or nothing where it cannot.
  using Read = std::function<std::string(const config::Secret&)>;

  /// Never to be shown from now on: as it is, and as JSON writes it. Shorter than 4 bytes: not, it would be in every word.
  void never_show(const std::string& secret);
  /// All secrets that a configuration names or holds: tokens, passwords and DSNs, paths of webhook URLs, variables of steps.
  void never_show(const config::Config& config, const Read& read);
  void never_show(const config::Service& service, const Read& read);

  /// `text` with every known secret, and all that looks like one, as ***: values of names like password or token, users
  /// and queries of URLs, Authorization headers.
  [[nodiscard]] std::string clean(const std::string& text) const;

private:
  void never_show(const config::HttpAccess& access, const Read& read);
  void never_show(const config::Step& step);
  void never_show(const config::RunStep& run);
  void never_show_url(const std::string& url);
  void never_show_query(const std::string& url);
  void never_show_dsn(const std::string& dsn);
  void never_show_argv(const std::vector<std::string>& argv);

  struct LongestFirst {
    bool operator()(const std::string& a, const std::string& b) const {
      return a.size() != b.size() ? a.size() > b.size() : a < b;
    }
  };
  std::set<std::string, LongestFirst> secrets_;
};

} // namespace backstop::ctl
