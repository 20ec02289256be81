#pragma once
#include "daemon/config/compile.hpp"
#include "daemon/config/read.hpp"
#include "daemon/config/show.hpp"
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <sstream>
#include <string>

namespace backstop::config::test {

inline std::filesystem::path source_dir() { return BACKSTOP_SOURCE_DIR; }

inline std::string slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Files in memory. The "hash" of a text is its length, which is all that the tests need to tell texts apart.
struct MemoryFiles {
  std::map<std::string, std::string> texts;

  [[nodiscard]] Files files() const {
    return {[this](const std::string& path) -> Result<std::string> {
              const auto found = texts.find(path);
              if (found == texts.end()) return fail(Errc::not_found, "no such file");
              return found->second;
            },
            [this](const std::string& pattern) -> Result<std::vector<std::string>> {
              const std::string folder = pattern.substr(0, pattern.rfind('/') + 1);
              std::vector<std::string> found;
              for (const auto& [path, text] : texts)
                if (path.rfind(folder, 0) == 0 && path.find('/', folder.size()) == std::string::npos &&
                    path != "/etc/main.yaml")
                  found.insert(found.begin(), path); // backwards: the reader sorts
              return found;
            },
            [](std::string_view text) { return "length " + std::to_string(text.size()); }};
  }
};

/// A service in mode observe with one host source and a gauge in percent; `more` is appended.
inline std::string service_with(const std::string& more, const std::string& name = "checkout") {
  return "service: " + name +
         "\nmode: observe\nsources: {app: {type: host}}\nindicators: {cpu: {gauge: a_percent, source: app}}\n" + more;
}

/// A service in mode observe with one source, of which nothing is judged.
inline std::string with_source(const std::string& source, const std::string& name = "web") {
  return "service: a\nmode: observe\nindicators: {}\nsources: {" + name + ": {" + source + "}}\n";
}

/// The faults of a service file as text, one a line, without the file's name.
inline std::string faults_of(const std::string& text) {
  std::string all;
  for (Fault fault : load_service(text, "").faults) all += text_of(fault) + "\n";
  return all;
}

/// The example of docs/configuration.md that begins with this line, as a service.
inline Service example(const std::string& first_line) {
  const std::string doc = slurp(source_dir() / "docs/configuration.md");
  const auto begin = doc.find("    sources:\n      " + first_line);
  EXPECT_NE(begin, std::string::npos) << first_line;
  std::string text = "service: checkout\nmode: observe\n";
  std::istringstream lines(doc.substr(std::min(begin, doc.size())));
  for (std::string line; std::getline(lines, line) && line.rfind("    ", 0) == 0;) text += line.substr(4) + "\n";
  const auto outcome = load_service(text, "docs/configuration.md");
  EXPECT_TRUE(outcome.ok()) << show_faults(outcome.faults);
  EXPECT_TRUE(outcome.warnings.empty()) << show_faults(outcome.warnings);
  EXPECT_TRUE(compile(outcome.service));
  return outcome.service;
}

/// The indented examples of a page by the heading above them.
inline std::map<std::string, std::string> examples_by_heading(const std::string& page) {
  std::map<std::string, std::string> found;
  std::istringstream lines(slurp(source_dir() / page));
  std::string heading;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("## ")) heading = line.substr(3);
    if (line.starts_with("    ") && !heading.empty()) found[heading] += line.substr(4) + "\n";
  }
  return found;
}

} // namespace backstop::config::test
