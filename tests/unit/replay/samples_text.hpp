#pragma once
#include "daemon/config/compile.hpp"
#include "daemon/config/read.hpp"
#include "daemon/record.hpp"
#include "daemon/replay/replay.hpp"
#include "tests/unit/daemon/shop_config.hpp"
#include <charconv>
#include <stdexcept>
#include <string>

/// Recorded samples of the service of ShopConfig, made up line by line.
namespace backstop::replay::test {

/// Where recorded time begins: the first sample is a second later.
inline constexpr std::int64_t kStart = 1'767'225'600;
inline Time at(double seconds) { return time_from_us(kStart * 1'000'000) + seconds_f(seconds); }

/// The shortest text that reads back the same, in plain digits.
inline std::string plain(double value) {
  char buffer[64];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed).ptr};
}

/// A service file without fault.
inline config::Service service_of(const std::string& text) {
  config::ServiceOutcome outcome = config::load_service(text, "shop.yaml");
  if (!outcome.ok()) throw std::runtime_error(config::text_of(outcome.faults.front()));
  outcome.service.text = text;
  outcome.service.hash = sha256_hex(text);
  return std::move(outcome.service);
}

/// What the shop answered, a scrape each second, as it would have been exported.
class SamplesText {
public:
  /// `seconds` scrapes in which `error_share` of 100 requests each failed.
  SamplesText& run(int seconds, double error_share = 0) {
    for (int i = 0; i < seconds; ++i) {
      failed_ += 100 * error_share;
      ok_ += 100 * (1 - error_share);
      const std::string t = " " + std::to_string(kStart + ++second_) + "\n";
      lines_ += R"(r{code="500"} )" + plain(failed_) + t + R"(r{code="200"} )" + plain(ok_) + t;
    }
    return *this;
  }
  /// `seconds` without any scrape.
  SamplesText& nothing(int seconds) {
    second_ += seconds;
    return *this;
  }
  SamplesText& line(const std::string& text) {
    lines_ += text + "\n";
    return *this;
  }
  [[nodiscard]] int second() const { return second_; }
  [[nodiscard]] std::string text() const { return lines_ + "# EOF\n"; }

private:
  double ok_ = 1000, failed_ = 0;
  int second_ = 0;
  std::string lines_;
};

} // namespace backstop::replay::test
