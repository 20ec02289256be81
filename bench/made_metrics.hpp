#pragma once
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace backstop::bench {

/// What a made-up service exposes: text of so many series, written once; afterwards only the digits of its values move.
/// Every tenth series is one of http_requests_total (at least 10, at most 40), of whose requests 0.5 % fail; the others are
/// buckets, counters and gauges that nobody asks for.
class MadeMetrics {
public:
  explicit MadeMetrics(int series) {
    const int requests = std::min(40, std::max(10, series / 10));
    head("http_requests_total", "counter", "Requests by method, handler and code.");
    for (int i = 0; i < requests; ++i) {
      static constexpr std::array<std::pair<const char*, std::uint64_t>, 5> codes = {
          {{"200", 95'000}, {"201", 3'000}, {"404", 1'500}, {"500", 400}, {"503", 100}}}; // a second, in thousandths
      const auto& [code, rate] = codes[static_cast<std::size_t>(i) % codes.size()];
      add("http_requests_total{method=\"" + std::string(i % 2 ? "POST" : "GET") + "\",handler=\"/api/v1/orders/" +
              std::to_string(i / 5) + "\",code=\"" + code + "\"}",
          rate);
    }
    int left = series - requests;
    head("http_request_duration_seconds", "histogram", "How long requests took.");
    for (int i = 0; i < series / 2 && left > 0; ++i, --left) {
      static constexpr std::array<const char*, 12> bounds = {"0.005", "0.01", "0.025", "0.05", "0.1", "0.25",
                                                             "0.5",   "1",    "2.5",   "5",    "10",  "+Inf"};
      add("http_request_duration_seconds_bucket{handler=\"/api/v1/orders/" + std::to_string(i / 12) + "\",le=\"" +
              bounds[static_cast<std::size_t>(i) % 12] + "\"}",
          static_cast<std::uint64_t>(8'000 * (i % 12 + 1)));
    }
    head("cache_operations_total", "counter", "Operations of the cache by shard and kind.");
    for (int i = 0; i < series / 4 && left > 0; ++i, --left)
      add("cache_operations_total{shard=\"" + std::to_string(i / 2) + "\",kind=\"" + (i % 2 ? "miss" : "hit") + "\"}",
          static_cast<std::uint64_t>(1'000 + 10 * i));
    head("queue_length", "gauge", "Entries that wait, by queue.");
    for (int i = 0; left > 0; ++i, --left) add("queue_length{queue=\"worker-" + std::to_string(i) + "\"}", 7);
  }

  /// The text as of `ms` after the beginning. Valid until the next call.
  const std::string& at(std::uint64_t ms) {
    for (const Place& place : places_) {
      const std::uint64_t value = 100'000'000 + ms * place.rate / 1'000'000;
      std::to_chars(text_.data() + place.at, text_.data() + place.at + kDigits, value);
    }
    return text_;
  }
  [[nodiscard]] std::size_t series() const { return places_.size(); }

private:
  static constexpr std::size_t kDigits = 9; ///< for years of any rate here
  struct Place {
    std::size_t at = 0;
    std::uint64_t rate = 0; ///< in thousandths a second
  };
  void head(const std::string& name, const char* type, const char* help) {
    text_ += "# HELP " + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
  }
  void add(const std::string& series, std::uint64_t rate) {
    text_ += series + " ";
    places_.push_back({text_.size(), rate});
    text_ += "100000000\n";
  }
  std::string text_;
  std::vector<Place> places_;
};

} // namespace backstop::bench
