#include "examples/checkout/release.hpp"
#include "examples/checkout/duration_text.hpp"
#include <cmath>
#include <fstream>
#include <string_view>

namespace checkout {
namespace {

/// How far the second kind of fault is shifted against the first, so that they do not always meet in one request.
constexpr unsigned long kShift = 2;

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

bool number_of(std::string_view text, double most, double& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size() && out >= 0 && out <= most;
}

bool duration_of(std::string_view text, std::chrono::milliseconds& out) {
  const auto duration = parse_duration(text);
  out = duration.value_or(out);
  return duration.has_value();
}

bool milliseconds_of(std::string_view text, std::chrono::milliseconds& out) {
  double number = 0;
  if (!number_of(text, 60'000, number)) return false;
  out = std::chrono::milliseconds(static_cast<int>(number));
  return true;
}

bool set(Release& release, std::string_view key, std::string_view value) {
  Faults& faults = release.faults;
  if (key == "version") return release.version.empty() && !(release.version = value).empty();
  if (key == "fail_percent") return number_of(value, 100, faults.fail_percent);
  if (key == "slow_percent") return number_of(value, 100, faults.slow_percent);
  if (key == "slow_ms") return milliseconds_of(value, faults.slow);
  if (key == "leak_connections_per_minute") return number_of(value, 6000, faults.leak_connections_per_minute);
  if (key == "start_failing_after") return duration_of(value, faults.start_failing_after);
  return false;
}

/// Whether request number `n` is one of the `percent` of all.
bool chosen(unsigned long n, double percent) {
  const double share = percent / 100;
  return std::floor(static_cast<double>(n + 1) * share) > std::floor(static_cast<double>(n) * share);
}

} // namespace

std::optional<Release> read_release(const std::string& directory, std::string& why) {
  const std::string path = directory + "/release.conf";
  std::ifstream file(path);
  if (!file) {
    why = path + ": cannot be read (is it a release folder?)";
    return std::nullopt;
  }
  Release release;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    const std::string_view text = trimmed(std::string_view(line).substr(0, line.find('#')));
    if (text.empty()) continue;
    const auto equals = text.find('=');
    if (equals != std::string_view::npos &&
        set(release, trimmed(text.substr(0, equals)), trimmed(text.substr(equals + 1))))
      continue;
    why = path + ":" + std::to_string(number) + ": \"" + std::string(text) +
          "\" is no setting, or its value is out of range";
    return std::nullopt;
  }
  if (!release.version.empty()) return release;
  why = path + ": version= is missing";
  return std::nullopt;
}

Bugs::Turn Bugs::next(Clock::time_point now) {
  const auto sick_for = now - start_ - faults_.start_failing_after;
  if (sick_for < Clock::duration::zero()) return {};
  const std::lock_guard lock(mutex_);
  const unsigned long n = requests_++;
  Turn turn;
  turn.fail = chosen(n, faults_.fail_percent);
  if (chosen(n + kShift, faults_.slow_percent)) turn.delay = faults_.slow;
  const double due =
      std::floor(std::chrono::duration<double, std::ratio<60>>(sick_for).count() * faults_.leak_connections_per_minute);
  turn.leak = leaked_ < due;
  if (turn.leak) ++leaked_;
  return turn;
}

} // namespace checkout
