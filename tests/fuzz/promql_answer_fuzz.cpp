// Any bytes as the answer of a PromQL engine. What must hold: no crash, no overrun, bounded work; what is given is fit for the
// sample store and to be shown.
#include "tests/fuzz/promql_answer_check.hpp"
#include <cstdint>
#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string broken = backstop::fuzz::check_promql_answer({reinterpret_cast<const char*>(data), size});
  if (broken.empty()) return 0;
  std::fprintf(stderr, "broken: %s\n", broken.c_str());
  std::abort();
}
