#pragma once
#include "collectors/http_fetcher.hpp"
#include "daemon/channels/kinds.hpp"
#include "daemon/config/config.hpp"
#include "daemon/mail_sender.hpp"
#include "daemon/seams.hpp"
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace backstop {

/// Reads a secret when it is needed. The text of an error names the credential or file, never a value.
using ReadSecret = std::function<Result<std::string>(const config::Secret&)>;

/// Delivers notices: what a kind of channel has to say (daemon/channels/) goes out over HTTP or as mail; a command gets
/// the notice in BACKSTOP_NOTICE_* variables.
class ChannelNotifier final : public Notifier {
public:
  using Now = std::function<Time()>;
  struct Ways {
    HttpFetcher& fetcher;
    MailSender& mails;
    StepRunner& steps;
  };
  /// `host`: the name of the host that the daemon runs on.
  ChannelNotifier(Ways ways, ReadSecret read_secret, Now now, std::string host);

  void set_channels(const std::vector<config::Channel>& channels);
  void send(const Notice& notice, Done done) override;
  /// The outcome of a channel's command (StepKey::procedure "notice"). False: not one of ours.
  bool on_step_finished(const StepKey& key, const StepOutcome& outcome);

  /// After each end of an attempt, also from inside send(): what it changed is due now, and nothing else may be for long.
  std::function<void()> after_done;

private:
  using Sent = std::shared_ptr<const channels::Sending>;
  void start(const Notice& notice, Done done);
  Result<channels::Secrets> secrets_of(const config::Channel& channel);
  void exchange(const Sent& sending, int step, const HttpResponse* before, const std::string& answer, const Done& done);
  void mail(const Sent& sending, const Done& done);
  void run(const config::Channel& channel, const Notice& notice, Done done);

  Ways ways_;
  ReadSecret read_secret_;
  Now now_;
  std::string host_;
  std::map<std::string, config::Channel> channels_;
  std::map<StepKey, Done> running_;
  int next_attempt_ = 1;
};

} // namespace backstop
