// Any bytes as an answer of a target. The first byte picks the format. What must hold: no crash, no overrun, bounded
// work; a text that parses as a whole is never unreadable to the sample store, and both see the same wanted samples.
#include "tests/fuzz/exposition_check.hpp"
#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string broken = backstop::fuzz::check_exposition({reinterpret_cast<const char*>(data), size});
  if (broken.empty()) return 0;
  std::fprintf(stderr, "broken: %s\n", broken.c_str());
  std::abort();
}
