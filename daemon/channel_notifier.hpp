#pragma once
#include "collectors/http_fetcher.hpp"
#include "daemon/config/config.hpp"
#include "daemon/seams.hpp"
#include <functional>
#include <map>
#include <string>

namespace backstop {

/// Reads a secret when it is needed. The text of an error names the credential or file, never a value.
using ReadSecret = std::function<Result<std::string>(const config::Secret&)>;

/// Delivers notices: a webhook gets them as JSON by POST, a command gets them in BACKSTOP_NOTICE_* variables.
class ChannelNotifier final : public Notifier {
public:
  using Now = std::function<Time()>;
  ChannelNotifier(HttpFetcher& fetcher, StepRunner& steps, ReadSecret read_secret, Now now);

  void set_channels(const std::vector<config::Channel>& channels);
  void send(const Notice& notice, std::function<void(Status, Duration)> done) override;
  /// The outcome of a channel's command (StepKey::procedure "notice"). False: not one of ours.
  bool on_step_finished(const StepKey& key, const StepOutcome& outcome);

private:
  using Done = std::function<void(Status, Duration)>;
  void post(const config::Channel& channel, const Notice& notice, Done done);
  void run(const config::Channel& channel, const Notice& notice, Done done);

  HttpFetcher& fetcher_;
  StepRunner& steps_;
  ReadSecret read_secret_;
  Now now_;
  std::map<std::string, config::Channel> channels_;
  std::map<StepKey, Done> running_;
  int next_attempt_ = 1;
};

} // namespace backstop
