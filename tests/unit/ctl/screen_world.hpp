#pragma once
#include "daemon/ctl/screen/layout.hpp"
#include "daemon/ctl/screen/session.hpp"
#include "tests/unit/ctl/golden.hpp"
#include "tests/unit/ctl/pages_world.hpp"
#include <string>
#include <vector>

/// `status --watch` without a terminal and a socket: the real session asks the real control API, in virtual time.
namespace backstop::ctl::test {

inline constexpr screen::Capabilities kUtf8{true, true}, kAscii{false, false};

/// What the grid holds, a line a row, without spaces at the end.
inline std::string text_of(const screen::Grid& grid) {
  std::string out;
  for (int row = 0; row < grid.size().height; ++row) {
    std::string line;
    for (int column = 0; column < grid.size().width; ++column) line += grid.at(row, column).text;
    out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return out;
}

/// How each cell looks: a letter, and '.' for plain.
inline std::string tones_of(const screen::Grid& grid) {
  std::string out;
  for (int row = 0; row < grid.size().height; ++row) {
    std::string line;
    for (int column = 0; column < grid.size().width; ++column)
      line += ".qsgAC"[static_cast<std::size_t>(grid.at(row, column).tone)];
    out += line + "\n";
  }
  return out;
}

struct Desk {
  AppWorld& world;
  screen::Session session;
  std::vector<screen::Session::Question> asked; ///< all that was, oldest first

  explicit Desk(AppWorld& host, const std::string& service = "") : world(host), session(service) {}

  [[nodiscard]] screen::Moment moment() const { return {world.now, world.now.time_since_epoch()}; }
  /// What the control API answers.
  screen::Session::Answer answer_to(const screen::Request& wanted) const {
    Api api(*world.app, [] { return std::vector<std::string>{}; });
    ApiRequest request;
    request.method = wanted.method;
    const std::size_t query = wanted.path.find('?');
    request.path = wanted.path.substr(0, query);
    if (query != std::string::npos) {
      const std::size_t equals = wanted.path.find('=', query);
      request.query[wanted.path.substr(query + 1, equals - query - 1)] = wanted.path.substr(equals + 1);
    }
    request.body = wanted.method == "POST" ? wanted.body.dump() : "";
    request.caller = {"uid:1000(ana)", true, true};
    ApiReply reply;
    api.handle(request, world.now, [&reply](const ApiReply& r) { reply = r; });
    return ControlClient::Answer{reply.status, reply.body.dump()};
  }
  /// Asks what is due and hands on the answers, until nothing is due.
  void look() {
    for (auto due = session.due(moment()); !due.empty(); due = session.due(moment())) {
      for (const auto& question : due) {
        asked.push_back(question);
        session.on_answer(question.subject, answer_to(question.request), moment());
      }
    }
  }
  /// Seconds of virtual time, with a look at each.
  void run(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      world.run(1);
      look();
    }
  }
  void type(const std::string& text) {
    for (const char c : text) session.on_key({screen::Key::Kind::text, std::string(1, c)});
  }
  void press(screen::Key::Kind kind) { session.on_key({kind}); }
  void enter(const std::string& text) {
    type(text);
    press(screen::Key::Kind::enter);
    look();
  }

  [[nodiscard]] screen::Grid grid(screen::Size size = {80, 24}, screen::Capabilities capabilities = kUtf8) const {
    screen::View view = session.view(moment());
    view.turn = 0;
    return screen::lay_out(view, size, capabilities).grid;
  }
  [[nodiscard]] std::string picture(screen::Size size = {80, 24}, screen::Capabilities capabilities = kUtf8) const {
    return text_of(grid(size, capabilities));
  }
};

/// Held against tests/golden/ctl/screen_NAME.txt; UTF-8 has more bytes than columns.
inline void expect_picture(const std::string& name, const std::string& picture) {
  expect_golden("screen_" + name, picture, 4 * 120);
}

} // namespace backstop::ctl::test
