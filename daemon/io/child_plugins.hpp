#pragma once
#include "collectors/plugin_runner.hpp"
#include "daemon/io/event_loop.hpp"
#include <cstddef>
#include <memory>

namespace backstop {

/// Runs monitoring plugins as child processes of the daemon: its user and its sandbox, no right besides; a process
/// group of their own, which is killed whole once the plugin has ended or its time is over; nothing on stdin, stderr
/// thrown away, PATH and LC_ALL=C the whole environment. Others wait while kMostAtOnce run. Destroying it ends them
/// all. The loop must outlive it.
class ChildPlugins final : public PluginRunner {
public:
  static constexpr std::size_t kMostAtOnce = 8;

  explicit ChildPlugins(EventLoop& loop);
  ~ChildPlugins() override;
  ChildPlugins(const ChildPlugins&) = delete;
  ChildPlugins& operator=(const ChildPlugins&) = delete;

  Id start(PluginCommand command, Done done) override;
  void cancel(Id id) override;

private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

} // namespace backstop
