// Any bytes as a path and a body on the control socket: see control_request_check.hpp for what must hold.
#include "tests/fuzz/control_request_check.hpp"
#include <cstdint>
#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string broken = backstop::fuzz::check_control_request({reinterpret_cast<const char*>(data), size});
  if (broken.empty()) return 0;
  std::fprintf(stderr, "broken: %s\n", broken.c_str());
  std::abort();
}
