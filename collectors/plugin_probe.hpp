#pragma once
#include "collectors/plugin_runner.hpp"
#include "collectors/probe.hpp"

namespace backstop {

/// A monitoring plugin as a target: plugin_status (0 ok, 1 warning, 2 critical, 3 unknown) and its performance data
/// (plugin_output.hpp). Another exit code is a failed read. What it says is the note where it is not ok.
class PluginProbe final : public Probe {
public:
  PluginProbe(PluginRunner& runner, PluginCommand command);
  ~PluginProbe() override;
  void start(Done done) override;

private:
  PluginRunner& runner_;
  PluginCommand command_;
  PluginRunner::Id running_ = 0;
};

} // namespace backstop
