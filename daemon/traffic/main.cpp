#include "daemon/traffic/arguments.hpp"
#include <cstdio>

namespace {

using namespace backstop;
using namespace backstop::traffic;

Result<std::string> act(const Arguments& arguments) {
  const Deadline deadline(arguments.timeout);
  if (const auto* haproxy = std::get_if<HaproxyPlace>(&arguments.place))
    return arguments.check ? check_by_haproxy(*haproxy, arguments.split, deadline)
                           : set_by_haproxy(*haproxy, arguments.split, deadline);
  const auto& nginx = std::get<NginxPlace>(arguments.place);
  return arguments.check ? check_by_nginx(nginx, arguments.split) : set_by_nginx(nginx, arguments.split, deadline);
}

} // namespace

/// backstop-traffic: moves traffic between two sides, see kUsage. What is in force goes to stdout, why it is not to stderr.
int main(int argc, char** argv) {
  const auto arguments = parse_arguments(argc, argv);
  if (!arguments) {
    std::fprintf(stderr, "backstop-traffic: %s\n", arguments.error().what.c_str());
    return 2;
  }
  if (!*arguments) {
    std::fputs(kUsage, stdout);
    return 0;
  }
  const Result<std::string> done = act(**arguments);
  if (!done) {
    std::fprintf(stderr, "backstop-traffic: %s\n", done.error().what.c_str());
    return 1;
  }
  std::printf("%s\n", done->c_str());
  return 0;
}
