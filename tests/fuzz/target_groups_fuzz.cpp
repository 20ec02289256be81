// Any bytes as a file of targets (file_sd). What must hold: no crash, no overrun, bounded work; what is given are targets
// that can be asked, and a fault says where it is.
#include "tests/fuzz/target_groups_check.hpp"
#include <cstdint>
#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string broken = backstop::fuzz::check_target_groups({reinterpret_cast<const char*>(data), size});
  if (broken.empty()) return 0;
  std::fprintf(stderr, "broken: %s\n", broken.c_str());
  std::abort();
}
