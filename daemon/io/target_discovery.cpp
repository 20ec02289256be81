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
  /// `known`: addresses that were found before, by whichever name.
  explicit NameLook(const std::vector<std::string>& known) {
    for (const std::string& address : known) missed_[""][address] = 0;
  }

  void take(const DnsLookup::Answers& answers, std::map<std::string, Part>& parts) {
    bool whole = true;
    for (const auto& [name, answer] : answers) {
      Part& part = parts[name];
      part.why = answer ? "" : answer.error().what;
      whole = whole && answer.ok();
      if (answer) take(name, *answer, part);
    }
    if (whole) take("", {}, parts[""]);
  }

private:
  void take(const std::string& name, const std::vector<std::string>& answer, Part& part) {
    std::map<std::string, int>& missed = missed_[name];
    for (auto& [address, times] : missed) ++times;
    for (const std::string& address : answer) missed[address] = 0;
    std::erase_if(missed, [](const auto& entry) { return entry.second >= TargetDiscovery::kMissesToLeave; });
    part.found.emplace();
    for (const auto& [address, times] : missed) part.found->push_back({address, {}});
  }

  std::map<std::string, std::map<std::string, int>> missed_; ///< by name, by address: answers in a row without it
};

/// What DNS gave of targets that were found.
std::vector<std::string> addresses_of(const std::vector<config::TargetConfig>& targets) {
  std::vector<std::string> addresses;
  for (const config::TargetConfig& target : targets)
    addresses.push_back(target.address.empty() ? config::address_in(target.url) : target.address);
  return addresses;
}

} // namespace

struct TargetDiscovery::OfSource {
  OfSource(EventLoop& l, const config::Source& s, const TargetPlaces& places, OnFound f)
      : loop(l), name(s.name), list(*config::targets_of(s)), tcp(std::holds_alternative<config::TcpSource>(s.kind)),
        on_found(std::move(f)), names(addresses_of(places.found())), full(loop.now()) {
    later = loop.add_timer([this] { tell(); });
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
    // Once it is over: refresh. It ends by itself before.
    dns_timer->arm(loop.now() + std::max(list.dns_sd->refresh, DnsLookup::kLongest + std::chrono::seconds(1)));
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
    if (!may_tell()) return later->arm(full - (kBurst - 1) * kPause);
    told = all;
    on_found(name, all);
  }
  /// A bucket of kBurst that is full at `full`, and fills by one each kPause.
  bool may_tell() {
    const Time now = loop.now();
    full = std::max(full, now);
    if (full - now > (kBurst - 1) * kPause) return false;
    full += kPause;
    return true;
  }
  void once_each(std::vector<config::TargetConfig>& targets, std::string& why) const {
    std::set<std::string> seen;
    for (const config::TargetConfig& written : list.targets) seen.insert(written.name());
    std::erase_if(targets, [&](const config::TargetConfig& target) { return !seen.insert(target.name()).second; });
    const std::size_t most = config::kMostTargets - std::min(config::kMostTargets, list.targets.size());
    if (targets.size() <= most) return;
    why += (why.empty() ? "" : "; ") + std::to_string(targets.size()) + " targets were found, " + std::to_string(most) +
           " are read (make several sources of them)";
    targets.resize(most);
  }

  EventLoop& loop;
  const std::string name;
  const config::TargetList list;
  const bool tcp;
  OnFound on_found;
  std::optional<FileLook> files;
  NameLook names;
  Time full; ///< see may_tell()
  std::map<std::string, Part> file_parts, name_parts;
  bool files_read = false, names_read = false;
  std::optional<FoundTargets> told;
  std::unique_ptr<DnsLookup> lookup;
  std::unique_ptr<EventLoop::Timer> file_timer, dns_timer, later;
};

TargetDiscovery::TargetDiscovery(EventLoop& loop, const ServiceWatch& watch, OnFound on_found) {
  for (std::size_t i = 0; i < watch.config.sources.size(); ++i) {
    const config::Source& source = watch.config.sources[i];
    const config::TargetList* list = config::targets_of(source);
    if (list && list->discovers())
      sources_.push_back(std::make_unique<OfSource>(loop, source, watch.places[i], on_found));
  }
}

TargetDiscovery::~TargetDiscovery() = default;

} // namespace backstop
