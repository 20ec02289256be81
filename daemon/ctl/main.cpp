#include "daemon/ctl/actions.hpp"
#include "daemon/ctl/invocation.hpp"
#include <exception>

int main(int argc, char** argv) {
  using namespace backstop::ctl;
  try {
    const Parsed parsed = parse_arguments(argc, argv);
    if (!parsed.run) return parsed.exit_code;
    const Invocation& invocation = parsed.invocation;
    if (const auto* call = std::get_if<Call>(&invocation.what)) return run_call(invocation, *call);
    if (const auto* wait = std::get_if<Wait>(&invocation.what)) return run_wait(invocation, *wait);
    if (const auto* offline = std::get_if<Offline>(&invocation.what)) return run_offline(invocation, *offline);
    if (const auto* config = std::get_if<CheckConfig>(&invocation.what)) return run_check_config(invocation, *config);
    return run_check_metrics(invocation, std::get<CheckMetrics>(invocation.what));
  } catch (const std::exception& e) {
    complain(std::string("unexpected: ") + e.what());
    return kInputError;
  }
}
