#pragma once
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

/// The rows that benches print: a figure, that of its peers in the same run, and what it must be.
namespace backstop::bench {

struct Row {
  std::string measured, ours, peers, ratio, must, aim, reached;
};

/// printf's text.
template <class... Args> std::string text(const char* format, Args... args) {
  char buffer[512];
  const int n = std::snprintf(buffer, sizeof buffer, format, args...);
  return {buffer, static_cast<std::size_t>(n < 0 ? 0 : n)};
}

/// What a figure of which less is better came to. An aim of 0 is none.
inline std::string reached(double figure, double must, double aim = 0) {
  if (!(figure <= must)) return "MISSED";
  return aim > 0 && figure <= aim ? "aim" : "must";
}

/// Prints the row, and appends it, separated by tabs, to the file that BENCH_ROWS names: bench/run-all makes a table of it.
inline void report(const Row& row) {
  const std::vector<std::string> fields{row.measured, row.ours, row.peers, row.ratio, row.must, row.aim, row.reached};
  static constexpr const char* names[] = {"", "ours", "peers", "ratio", "must", "aim", "reached"};
  std::string shown = fields[0];
  for (std::size_t i = 1; i < fields.size(); ++i)
    if (!fields[i].empty()) shown += std::string(i == 1 ? ": " : ", ") + names[i] + " " + fields[i];
  std::printf("%s\n", shown.c_str());
  std::fflush(stdout);
  const char* path = std::getenv("BENCH_ROWS");
  if (!path) return;
  std::ofstream file(path, std::ios::app);
  for (std::size_t i = 0; i < fields.size(); ++i) file << (i ? "\t" : "") << (fields[i].empty() ? "-" : fields[i]);
  file << "\n";
}

} // namespace backstop::bench
