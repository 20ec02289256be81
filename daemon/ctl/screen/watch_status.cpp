#include "daemon/ctl/actions.hpp"
#include "daemon/ctl/answers.hpp"
#include "daemon/ctl/screen/curses_terminal.hpp"
#include "daemon/ctl/screen/layout.hpp"
#include "daemon/ctl/screen/session.hpp"
#include "daemon/ctl/terminal.hpp"
#include "daemon/io/control_questions.hpp"
#include <algorithm>
#include <chrono>
#include <csignal>
#include <sys/signalfd.h>
#include <unistd.h>

/// `status --watch`: keys, answers and signals in; questions and pictures out.
namespace backstop::ctl {
namespace {

using screen::CursesTerminal;
using screen::Moment;
using screen::Session;

constexpr Duration kTurn = std::chrono::milliseconds(250);  ///< of the spinner
constexpr Duration kClock = std::chrono::milliseconds(500); ///< twice a second of the clock
constexpr Duration kAnswer = std::chrono::seconds(5);
constexpr Duration kAction = std::chrono::seconds(30); ///< a commit may take long on a bad disk

/// Signals that are read like keys, so that none comes between a look and a wait.
class Signals {
public:
  Signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGCONT}) sigaddset(&set, number);
    sigprocmask(SIG_BLOCK, &set, &before_);
    fd_ = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  }
  ~Signals() {
    if (fd_ >= 0) ::close(fd_);
    sigprocmask(SIG_SETMASK, &before_, nullptr);
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] int next() const {
    signalfd_siginfo info{};
    return ::read(fd_, &info, sizeof info) == sizeof info ? static_cast<int>(info.ssi_signo) : 0;
  }

private:
  sigset_t before_{};
  int fd_ = -1;
};

Moment moment() {
  const auto us = [](auto point) { return std::chrono::duration_cast<Duration>(point.time_since_epoch()); };
  return {Time{us(std::chrono::system_clock::now())}, us(std::chrono::steady_clock::now())};
}

/// Until the person ends it, or the daemon refuses.
Said watch(Session& session, CursesTerminal& terminal, const Signals& signals, ControlQuestions& questions) {
  for (;;) {
    const Moment now = moment();
    for (const Session::Question& q : session.due(now))
      questions.ask(static_cast<int>(q.subject), q.request.method, q.request.path,
                    q.request.method == "POST" ? q.request.body.dump() : "",
                    q.subject == Session::Subject::action ? kAction : kAnswer);
    const screen::Screenful picture = screen::lay_out(session.view(now), terminal.size(), terminal.capabilities());
    session.limit_scroll(picture.most_scroll);
    terminal.paint(picture.grid);

    const Duration most = std::min(session.until_due(now), session.turns() ? kTurn : kClock);
    const auto answers = questions.wait({STDIN_FILENO, signals.fd()}, most);
    for (const auto& [id, answer] : answers) session.on_answer(static_cast<Session::Subject>(id), answer, moment());
    for (int number = signals.next(); number != 0; number = signals.next()) {
      if (number != SIGWINCH && number != SIGCONT) return {128 + number, "", ""};
      terminal.resize();
    }
    for (const screen::Key& key : terminal.keys()) session.on_key(key);
    if (session.end()) return *session.end();
    if (terminal.gone()) return {128 + SIGHUP, "", ""};
  }
}

} // namespace

Said run_watch_status(const Invocation& invocation, const WatchStatus& wanted) {
  const char* instead = "; for scripts: backstopctl deploy wait ID, or backstopctl status --json";
  if (invocation.json)
    return {kUsage, "", complaint(std::string("status --watch is for people: without --json") + instead)};
  if (!on_terminal() || ::isatty(STDIN_FILENO) == 0)
    return {kUsage, "", complaint(std::string("status --watch needs a terminal") + instead)};
  const Signals signals;
  Result<std::unique_ptr<CursesTerminal>> terminal = CursesTerminal::open(invocation.color);
  if (!terminal) return {kUsage, "", complaint("status --watch: " + terminal.error().what + instead)};
  Session session(wanted.service);
  ControlQuestions questions(invocation.socket);
  Said said = watch(session, **terminal, signals, questions);
  terminal->reset(); // what is said comes after the screen
  return said;
}

} // namespace backstop::ctl
