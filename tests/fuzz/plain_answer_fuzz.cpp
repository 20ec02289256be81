// Any bytes as the answer of a server on this host. What must hold: no crash, no overrun, no more body than allowed, and the
// same outcome in whatever pieces it comes.
#include "tests/fuzz/plain_answer_check.hpp"
#include <cstdint>
#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string broken = backstop::fuzz::check_plain_answer({reinterpret_cast<const char*>(data), size});
  if (broken.empty()) return 0;
  std::fprintf(stderr, "broken: %s\n", broken.c_str());
  std::abort();
}
