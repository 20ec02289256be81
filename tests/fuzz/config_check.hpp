#pragma once
#include "daemon/config/compile.hpp"
#include "daemon/config/read.hpp"
#include "daemon/config/show.hpp"
#include <string>
#include <string_view>

namespace backstop::fuzz {

/// What must hold for any bytes as a service file and as a backstop.yaml: nothing is thrown, every fault is one short
/// line, and a service that is read without faults compiles. Returns what is broken, "" if nothing.
inline std::string check_config(std::string_view bytes) {
  const std::string text(bytes);
  const auto broken = [](const std::vector<config::Fault>& faults) -> std::string {
    for (const auto& fault : faults) {
      const std::string line = config::text_of(fault);
      if (line.size() > 1024) return "a long message: " + line;
      if (line.find('\n') != std::string::npos) return "a message of several lines: " + line;
    }
    return {};
  };

  const auto service = config::load_service(text, "f");
  if (auto what = broken(service.faults) + broken(service.warnings); !what.empty()) return what;
  if (config::show_service(service.service).empty()) return "nothing is shown of a service";
  if (service.ok())
    if (const auto compiled = config::compile(service.service); !compiled)
      return "read without faults, not compiled: " + compiled.error().what;

  const config::Files files{[&](const std::string&) -> Result<std::string> { return text; },
                            [](const std::string&) -> Result<std::vector<std::string>> {
                              return std::vector<std::string>{"a", "b"};
                            },
                            [](std::string_view) { return std::string(); }};
  const auto all = config::load("f", files);
  if (config::show_config(all.config).empty()) return "nothing is shown of the configuration";
  return broken(all.faults) + broken(all.warnings);
}

} // namespace backstop::fuzz
