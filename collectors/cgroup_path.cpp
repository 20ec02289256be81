#include "collectors/cgroup_path.hpp"
#include "collectors/kernel_text.hpp"
#include <algorithm>
#include <array>

namespace backstop {
namespace {

using namespace kernel_text;

constexpr std::size_t kMaxUnitName = 255;
/// Kinds of units with processes of their own, so with a control group.
constexpr std::array<std::string_view, 6> kKinds = {".service", ".scope", ".slice", ".socket", ".mount", ".swap"};
constexpr std::array<std::string_view, 5> kOtherKinds = {".device", ".automount", ".target", ".timer", ".path"};

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
bool ends_with_any(std::string_view text, const auto& ends) {
  return std::any_of(ends.begin(), ends.end(), [&](std::string_view end) { return text.ends_with(end); });
}
bool is_octal(char c) { return c >= '0' && c <= '7'; }

/// mountinfo writes blanks and the like in a path as \ooo.
std::string unescaped(std::string_view field) {
  std::string out;
  for (std::size_t i = 0; i < field.size(); ++i) {
    if (field[i] == '\\' && i + 3 < field.size() && is_octal(field[i + 1]) && is_octal(field[i + 2]) &&
        is_octal(field[i + 3])) {
      out += static_cast<char>((field[i + 1] - '0') * 64 + (field[i + 2] - '0') * 8 + (field[i + 3] - '0'));
      i += 3;
    } else {
      out += field[i];
    }
  }
  return out;
}

template <class Use> void each_of_list(std::string_view list, Use use) {
  for (;;) {
    const std::size_t comma = list.find(',');
    use(list.substr(0, comma));
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

/// As systemd escapes text within a unit name: what is no letter, digit, ':', '_' or '.' becomes \xNN.
std::string escaped(std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    if (is_letter_or_digit(c) || c == ':' || c == '_' || (c == '.' && !out.empty())) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'\\', 'x', hex[byte >> 4U], hex[byte & 15U]};
    }
  }
  return out;
}

/// "a-b.slice" is in "a.slice".
std::string slice_path(std::string_view slice) {
  const std::string_view name = slice.substr(0, slice.size() - std::string_view(".slice").size());
  std::string path;
  for (std::size_t dash = name.find('-'); dash != std::string_view::npos; dash = name.find('-', dash + 1))
    path += std::string(name.substr(0, dash)) + ".slice/";
  return path + std::string(slice);
}

} // namespace

CgroupMounts parse_mountinfo(std::string_view text) {
  CgroupMounts mounts;
  each_line(text, [&](std::string_view line) {
    const std::size_t dash = line.find(" - ");
    if (dash == std::string_view::npos) return true;
    std::string_view head = line.substr(0, dash);
    std::string_view tail = line.substr(dash + 3);
    for (int skipped = 0; skipped < 3; ++skipped) next_word(head); // mount ID, parent ID, device
    CgroupMount mount;
    mount.root = unescaped(next_word(head));
    mount.point = unescaped(next_word(head));
    if (mount.root.empty() || mount.point.empty()) return true;
    const std::string_view type = next_word(tail);
    next_word(tail); // source
    if (type == "cgroup2" && !mounts.v2) mounts.v2 = mount;
    if (type == "cgroup") // the options of the hierarchy: "rw,cpu,cpuacct"
      each_of_list(next_word(tail),
                   [&](std::string_view controller) { mounts.v1.emplace(std::string(controller), mount); });
    return true;
  });
  return mounts;
}

std::map<std::string, std::string, std::less<>> parse_process_cgroups(std::string_view text) {
  std::map<std::string, std::string, std::less<>> paths;
  each_line(text, [&](std::string_view line) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) return true;
    const std::string path(line.substr(second + 1));
    each_of_list(line.substr(first + 1, second - first - 1),
                 [&](std::string_view c) { paths.emplace(std::string(c), path); });
    return true;
  });
  return paths;
}

std::string manager_root(std::string_view cgroup_of_pid_1) {
  constexpr std::string_view scope = "/init.scope";
  if (!cgroup_of_pid_1.ends_with(scope)) return "";
  return std::string(cgroup_of_pid_1.substr(0, cgroup_of_pid_1.size() - scope.size()));
}

std::string directory_of(const CgroupMount& mount, std::string_view path) {
  if (path.find("..") != std::string_view::npos)
    return mount.point; // outside our cgroup namespace: not to be seen here
  std::string_view below = path;
  if (mount.root != "/") {
    const bool within =
        path.starts_with(mount.root) && (path.size() == mount.root.size() || path[mount.root.size()] == '/');
    if (!within) return mount.point;
    below = path.substr(mount.root.size());
  }
  return below == "/" ? mount.point : mount.point + std::string(below);
}

Result<std::string> unit_name(std::string_view text) {
  const auto refuse = [&](const std::string& why) {
    return fail(Errc::invalid, "unit \"" + std::string(text) + "\": " + why);
  };
  if (text.empty()) return fail(Errc::invalid, "a unit needs a name, such as checkout.service");
  const auto wrong = std::find_if(text.begin(), text.end(), [](char c) {
    return !is_letter_or_digit(c) && std::string_view(":-_.\\@").find(c) == std::string_view::npos;
  });
  if (wrong != text.end())
    return refuse("no unit name has such a letter in it: write it as \"systemctl list-units\" shows it, not as a path");
  if (ends_with_any(text, kOtherKinds)) return refuse("such a unit has no processes to measure: name the service");
  std::string name(text);
  if (!ends_with_any(text, kKinds)) name += ".service";
  if (name.size() > kMaxUnitName) return refuse("the name is longer than 255 letters");
  const std::size_t at = name.find('@');
  if (at != std::string::npos &&
      std::find(kKinds.begin(), kKinds.end(), std::string_view(name).substr(at + 1)) != kKinds.end())
    return refuse("this is a template: name an instance of it, such as " + name.substr(0, at + 1) + "1" +
                  name.substr(at + 1));
  if (name[0] == '.' || name[0] == '@') return refuse("the name before the kind is missing");
  return name;
}

std::vector<std::string> likely_cgroups(std::string_view unit) {
  const std::string name(unit);
  if (unit == "-.slice") return {""};
  if (unit.ends_with(".slice")) return {slice_path(unit)};
  std::vector<std::string> parents;
  const std::size_t at = unit.find('@');
  if (at != std::string_view::npos) parents.push_back("system.slice/system-" + escaped(unit.substr(0, at)) + ".slice/");
  parents.emplace_back("system.slice/");
  std::vector<std::string> paths;
  for (const std::string& parent : parents) {
    paths.push_back(parent + name);
    paths.push_back(parent + "_" + name);
  }
  return paths;
}

bool is_cgroup_of(std::string_view directory, std::string_view unit) {
  return directory == unit || (directory.starts_with('_') && directory.substr(1) == unit);
}

bool may_hold_units(std::string_view directory) { return directory.ends_with(".slice"); }

} // namespace backstop
