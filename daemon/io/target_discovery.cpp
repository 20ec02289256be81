#include "daemon/io/target_discovery.hpp"
#include "daemon/config/found_targets.hpp"
#include "daemon/config/yaml.hpp"
#include "daemon/io/dns_lookup.hpp"
#include "daemon/io/files.hpp"
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <sys/stat.h>
#include <tuple>
#include <utility>

namespace backstop {
namespace {

constexpr Duration kLeftAlone = std::chrono::seconds(1);

/// What one file or one name gave last.
struct Part {
  std::optional<std::vector<config::FoundAddress>> found; ///< none: it could not be read so far
  std::string why;                                        ///< it could not be read the last time
};

/// Which state of a file was read.
struct Stamp {
  std::int64_t changed_ns = 0;
  std::int64_t size = 0;
  std::uint64_t inode = 0;
  bool operator==(const Stamp&) const = default;
};

std::int64_t wall_ns() {
  timespec t{};
  clock_gettime(CLOCK_REALTIME, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

class FileLook {
public:
  explicit FileLook(const config::FileDiscovery& wanted) : wanted_(wanted) {}

  /// False: a file is being written, look again soon.
  bool look(std::map<std::string, Part>& parts) {
    bool settled = true;
    std::set<std::string> there;
    for (const std::string& pattern : wanted_.files) {
      const bool plain = pattern.find_first_of("*?[") == std::string::npos;
      Result<std::vector<std::string>> paths = plain ? std::vector<std::string>{pattern} : config_files().glob(pattern);
      if (!paths) {
        parts[pattern].why = paths.error().what;
        there.insert(pattern);
        continue;
      }
      if (!plain) { // no file is no target
        parts[pattern] = {std::vector<config::FoundAddress>{}, ""};
        there.insert(pattern);
      }
      for (const std::string& path : *paths) {
        there.insert(path);
        settled = read(path, parts[path]) && settled;
      }
    }
    std::erase_if(parts, [&](const auto& entry) { return !there.contains(entry.first); });
    std::erase_if(read_, [&](const auto& entry) { return !there.contains(entry.first); });
    return settled;
  }

private:
  bool read(const std::string& path, Part& part) {
    struct stat info {};
    Stamp stamp;
    if (::stat(path.c_str(), &info) == 0) {
      stamp.changed_ns = std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec;
      stamp.size = info.st_size;
      stamp.inode = info.st_ino;
      const std::int64_t age = wall_ns() - stamp.changed_ns;
      if (age >= 0 && age < std::chrono::nanoseconds(kLeftAlone).count()) return false;
    }
    if (const auto known = read_.find(path);
        known != read_.end() && known->second == stamp && stamp != Stamp{} && part.why.empty())
      return true;
    Result<std::string> text = read_file(path, config::kMaxFileBytes);
    Result<std::vector<config::FoundAddress>> found =
        text ? config::parse_target_groups(*text, path) : Result<std::vector<config::FoundAddress>>(text.error());
    part.why = found ? "" : found.error().what;
    if (found) part.found = *std::move(found);
    read_[path] = stamp;
    return true;
  }

  const config::FileDiscovery wanted_;
  std::map<std::string, Stamp> read_;
};

/// Takes in the answers, and keeps for a while what is missing in them.
class NameLook {
public:
  void take(const DnsLookup::Answers& answers, std::map<std::string, Part>& parts) {
    for (const auto& [name, answer] : answers) {
      Part& part = parts[name];
      part.why = answer ? "" : answer.error().what;
      if (!answer) continue;
      if (answer->empty() && !part.found && ++empty_[name] < TargetDiscovery::kMissesToLeave) {
        part.why = name + ": there is no such record"; // what is known from before may be right all the same
        continue;
      }
      std::map<std::string, int>& missed = missed_[name];
      for (const std::string& address : *answer) missed[address] = -1;
      for (auto& [address, times] : missed) ++times;
      std::erase_if(missed, [](const auto& entry) { return entry.second >= TargetDiscovery::kMissesToLeave; });
      part.found.emplace();
      for (const auto& [address, times] : missed) part.found->push_back({address, {}});
    }
  }

private:
  std::map<std::string, int> empty_; ///< by name: answers without any, before the first with one
  std::map<std::string, std::map<std::string, int>> missed_; ///< by name, by address: answers in a row without it
};

} // namespace

struct TargetDiscovery::OfSource {
  OfSource(EventLoop& l, const config::Source& s, OnFound f)
      : loop(l), name(s.name), list(*config::targets_of(s)), tcp(std::holds_alternative<config::TcpSource>(s.kind)),
        on_found(std::move(f)) {
    if (list.file_sd) {
      files.emplace(*list.file_sd);
      file_timer = loop.add_timer([this] { look_at_files(); });
      file_timer->arm(loop.now());
    }
    if (list.dns_sd) {
      dns_timer = loop.add_timer([this] { look_up(); });
      dns_timer->arm(loop.now());
    }
  }

  void look_at_files() {
    const bool settled = files->look(file_parts);
    file_timer->arm(loop.now() + (settled ? list.file_sd->refresh : std::min(kLeftAlone, list.file_sd->refresh)));
    files_read = true;
    tell();
  }
  void look_up() {
    dns_timer->arm(loop.now() + std::max(list.dns_sd->refresh, DnsLookup::kLongest)); // once it is over: refresh
    lookup = std::make_unique<DnsLookup>(loop, *list.dns_sd, [this](const DnsLookup::Answers& answers) {
      names.take(answers, name_parts);
      dns_timer->arm(loop.now() + list.dns_sd->refresh);
      names_read = true;
      tell();
    });
  }

  void add(const std::map<std::string, Part>& parts, const config::Discovery& discovery, FoundTargets& all) const {
    for (const auto& [key, part] : parts) {
      if (!part.why.empty()) all.why += (all.why.empty() ? "" : "; ") + part.why;
      if (!part.found) all.targets.reset();
      if (!part.found || !all.targets) continue;
      for (const config::FoundAddress& found : *part.found)
        all.targets->push_back(config::target_at(found, discovery, tcp));
    }
  }
  void tell() {
    if ((files && !files_read) || (list.dns_sd && !names_read)) return; // a part is still to come
    FoundTargets all{std::vector<config::TargetConfig>{}, ""};
    if (list.file_sd) add(file_parts, *list.file_sd, all);
    if (list.dns_sd) add(name_parts, *list.dns_sd, all);
    if (all.targets) once_each(*all.targets, all.why);
    if (told && told->targets == all.targets && told->why == all.why) return;
    told = all;
    on_found(name, all);
  }
  static void once_each(std::vector<config::TargetConfig>& targets, std::string& why) {
    std::set<std::string> seen;
    std::erase_if(targets, [&](const config::TargetConfig& target) { return !seen.insert(target.name()).second; });
    if (targets.size() <= config::kMostTargets) return;
    why += (why.empty() ? "" : "; ") + std::to_string(targets.size()) + " targets were found, " +
           std::to_string(config::kMostTargets) + " are read (make several sources of them)";
    targets.resize(config::kMostTargets);
  }

  EventLoop& loop;
  const std::string name;
  const config::TargetList list;
  const bool tcp;
  OnFound on_found;
  std::optional<FileLook> files;
  NameLook names;
  std::map<std::string, Part> file_parts, name_parts;
  bool files_read = false, names_read = false;
  std::optional<FoundTargets> told;
  std::unique_ptr<DnsLookup> lookup;
  std::unique_ptr<EventLoop::Timer> file_timer, dns_timer;
};

TargetDiscovery::TargetDiscovery(EventLoop& loop, const config::Service& service, OnFound on_found) {
  for (const config::Source& source : service.sources) {
    const config::TargetList* list = config::targets_of(source);
    if (list && list->discovers()) sources_.push_back(std::make_unique<OfSource>(loop, source, on_found));
  }
}

TargetDiscovery::~TargetDiscovery() = default;

} // namespace backstop
