/// bench_stamp [DIR STEP]: notes as its first act when it began, as a step of the benches. Without arguments it prints the
/// time of the monotonic clock in ms, as the step of the step_start bench.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <time.h>

int main(int argc, char** argv) {
  timespec t{};
  ::clock_gettime(argc == 1 ? CLOCK_MONOTONIC : CLOCK_REALTIME, &t);
  if (argc == 1) {
    std::printf("%.6f\n", static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) / 1e6);
    return 0;
  }
  if (argc != 3) return 2;
  const char* deployment = std::getenv("BACKSTOP_DEPLOYMENT");
  std::FILE* log = std::fopen((std::string(argv[1]) + "/steps.log").c_str(), "a");
  if (!log || !deployment) return 1;
  std::fprintf(log, "%s %s %lld.%09ld\n", deployment, argv[2], static_cast<long long>(t.tv_sec), t.tv_nsec);
  return std::fclose(log) == 0 ? 0 : 1;
}
