#pragma once
#include "daemon/ctl/invocation.hpp"
#include "daemon/ctl/screen/history.hpp"
#include "daemon/ctl/screen/prompt.hpp"
#include "daemon/ctl/screen/view.hpp"
#include "daemon/io/control_client.hpp"
#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace backstop::ctl::screen {

/// A key, as the terminal gave it.
struct Key {
  enum class Kind { text, up, down, page_up, page_down, home, end, enter, escape, backspace, clear } kind = Kind::text;
  std::string text = ""; ///< of Kind::text: UTF-8
};

/// The wall clock for what is shown, a steady one for what is due.
struct Moment {
  Time wall{};
  Duration steady{};
};

/// One person before the screen: what was asked of the daemon and answered, where the person is, what he typed. No sockets, no
/// terminal, no clocks in here.
class Session {
public:
  enum class Subject { status, readings, deployment, explanation, action };
  struct Question {
    Subject subject;
    Request request;
  };
  using Answer = Result<ControlClient::Answer>;

  /// `service`: only this one; empty: all.
  explicit Session(std::string service) : only_(std::move(service)) {}

  /// What to ask now. Each subject is asked once at a time: again after its answer.
  std::vector<Question> due(const Moment& now);
  /// How long until due() has something again, if nothing happens before.
  [[nodiscard]] Duration until_due(const Moment& now) const;
  void on_answer(Subject subject, const Answer& answer, const Moment& now);
  void on_key(const Key& key);
  /// After a layout: further than this there is nothing to scroll to.
  void limit_scroll(int most) { scroll_ = std::min(scroll_, most); }

  [[nodiscard]] View view(const Moment& now) const;
  /// Something turns on the screen: a step runs.
  [[nodiscard]] bool turns() const;
  /// The end: what to say after it, and the exit code.
  [[nodiscard]] const std::optional<Said>& end() const { return end_; }

private:
  struct Asked {
    bool under_way = false;
    Duration since{};  ///< on the steady clock
    std::string about; ///< what the last question was about; the same is not asked twice
  };
  Asked& asked(Subject subject) { return asked_[static_cast<std::size_t>(subject)]; }
  [[nodiscard]] const Asked& asked(Subject subject) const { return asked_[static_cast<std::size_t>(subject)]; }
  void ask(std::vector<Question>& out, Subject subject, Request request, const std::string& about, const Moment& now);

  void take_services();
  void take_action(const Answer& answer);
  void take_explanation(const Answer& answer);
  void fail(const std::string& why);
  void choose();
  [[nodiscard]] const Service* service() const;
  /// Id of the deployment of a service whose steps are worth showing, the one under way first; empty: none.
  [[nodiscard]] std::string worth_showing(const Json& service) const;
  [[nodiscard]] bool lasts() const;
  void on_letter(const std::string& letter);
  void explain();
  void on_prompt_key(const Key& key);
  void move(int by);
  void say(std::string text, bool bad);

  std::string only_;
  std::array<Asked, 5> asked_{};
  Duration next_{}; ///< on the steady clock
  int round_ = 0;   ///< of answers to the status
  std::optional<Time> last_answer_;
  bool failed_ = false;
  std::string failed_why_;

  Json status_;
  std::vector<Service> services_;
  std::map<std::string, std::string> last_deployments_; ///< id by service, of those seen under way
  Json deployment_;                                     ///< of GET /v1/deployments/ID
  std::map<std::string, History> histories_;            ///< by service

  std::string chosen_;
  bool by_hand_ = false; ///< else the choice follows what is worst
  View::Page page_ = View::Page::overview;
  std::string title_, text_, explain_; ///< explain_: id that is asked for
  int scroll_ = 0;
  std::optional<Prompt> prompt_;
  std::optional<Request> action_;
  std::string action_done_, said_;
  bool said_bad_ = false;
  std::optional<Said> end_;
};

} // namespace backstop::ctl::screen
