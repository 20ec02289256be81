#pragma once
#include "daemon/ctl/invocation.hpp"
#include "daemon/ctl/layout.hpp"
#include "daemon/io/control_client.hpp"
#include <optional>
#include <string>

/// What a command says about an answer of the daemon, and its exit code. No sockets and no clocks in here.
namespace backstop::ctl {

/// The exit code for an HTTP status of the control API (docs/control-api.md).
int exit_code_of(int status);

/// "backstopctl: what\n", for standard error.
std::string complaint(const std::string& what);
/// The complaint and nothing else: the input or the configuration is at fault.
Said wrong(const std::string& what);

/// The answer to one request.
Said said_of(const Invocation& invocation, const Call& call, const Result<ControlClient::Answer>& answer,
             const Style& style);

/// `deploy wait`, answer by answer: one live line on a terminal; elsewhere plain lines when something changes, and one a
/// minute, as what runs it may take a long silence for death.
class Following {
public:
  /// `live`: standard output is a terminal, and the line may be drawn over.
  Following(const Invocation& invocation, const Wait& wait, const Style& style, bool live);

  struct Step {
    std::string out, err;
    std::optional<int> exit_code; ///< the end
  };
  /// The answer to GET /v1/deployments/ID, `since_start` after the first question.
  Step on_answer(const Result<ControlClient::Answer>& answer, Duration since_start);

private:
  void show(Step& step, const Json& document, Duration since_start);
  void clear(Step& step);
  Step& end(Step& step, int exit_code, const std::string& complaint_text);

  const Invocation& invocation_;
  const Wait& wait_;
  Style style_;
  bool live_;
  bool shown_ = false;
  bool told_down_ = false;
  Duration last_answer_{}, last_line_{};
  std::string last_;
};

} // namespace backstop::ctl
