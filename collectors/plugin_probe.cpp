#include "collectors/plugin_probe.hpp"
#include "collectors/plugin_output.hpp"
#include <utility>

namespace backstop {
namespace {

constexpr int kWorst = 3; ///< unknown

Result<ProbeAnswer> answer_of(const PluginEnd& end) {
  PluginOutput output = read_plugin_output(end.output);
  if (end.code < 0 || end.code > kWorst) {
    const std::string said = output.text.empty() ? "" : ": " + output.text;
    return fail(Errc::io, "exit code " + std::to_string(end.code) + ", 0 to 3 wanted" + said);
  }
  SamplesAnswer answer{std::move(output.samples), {}};
  answer.samples.push_back({"plugin_status", {}, static_cast<double>(end.code)});
  if (end.code != 0) answer.note = output.text;
  if (output.left_out > 0) {
    answer.note += std::string(answer.note.empty() ? "" : "; ") + std::to_string(output.left_out) +
                   " of its performance data cannot be read, as " + output.first_left_out;
  }
  return ProbeAnswer{std::move(answer)};
}

} // namespace

PluginProbe::PluginProbe(PluginRunner& runner, PluginCommand command) : runner_(runner), command_(std::move(command)) {}

PluginProbe::~PluginProbe() {
  if (running_ != 0) runner_.cancel(running_);
}

void PluginProbe::start(Done done) {
  running_ = runner_.start(command_, [this, done = std::move(done)](Result<PluginEnd> end) {
    running_ = 0;
    done(end ? answer_of(*end) : Result<ProbeAnswer>(end.error()));
  });
}

} // namespace backstop
