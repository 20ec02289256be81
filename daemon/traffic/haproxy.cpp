#include "daemon/traffic/haproxy.hpp"
#include "daemon/traffic/haproxy_moves.hpp"
#include "daemon/traffic/runtime_api.hpp"
#include <algorithm>
#include <poll.h>

namespace backstop::traffic {
namespace {

/// Between two looks at servers that are not up yet.
constexpr int kLookAgainMs = 100;

class Backend {
public:
  Backend(const HaproxyPlace& place, const Split& split, const Deadline& deadline)
      : api_(place.socket, deadline), name_(place.backend), split_(split), deadline_(deadline) {}

  Result<std::vector<Server>> servers() const {
    const auto state = api_.ask("show servers state " + name_);
    if (!state) return state.error();
    const auto stat = api_.ask("show stat " + name_ + " 4 -1");
    if (!stat) return stat.error();
    auto out = read_servers(*state, *stat, name_);
    return out ? std::move(out) : Result<std::vector<Server>>(out.error().in(where()));
  }

  Result<std::string> set() const {
    for (;;) {
      const auto now = servers();
      if (!now) return now.error();
      const auto moves = moves_to(split_, *now);
      if (!moves) return moves.error().in(where());
      if (moves->empty()) return told(split_, *now);
      const auto obstacle = obstacle_to(split_, *now);
      if (!obstacle) return carry_out(*moves);
      if (!obstacle->may_pass) return fail(Errc::refused, where() + ": " + obstacle->why);
      if (deadline_.left_ms() <= kLookAgainMs)
        return fail(Errc::timeout, where() + ": waited " + deadline_.text() + ": " + obstacle->why);
      ::poll(nullptr, 0, kLookAgainMs);
    }
  }

  Result<std::string> check() const {
    const auto now = servers();
    if (!now) return now.error();
    const auto moves = moves_to(split_, *now);
    if (!moves) return moves.error().in(where());
    if (moves->empty() || goes_whole(split_, *now)) return told(split_, *now);
    return fail(Errc::refused, where() + ": not " + text_of(split_) + ": " + not_so(*moves, *now));
  }

private:
  [[nodiscard]] std::string where() const { return api_.place() + ": backend " + name_; }

  Result<std::string> carry_out(const std::vector<Move>& moves) const {
    for (std::size_t done = 0; done < moves.size(); ++done) {
      const auto [server, weight] = moves[done];
      const auto answer = api_.ask("set server " + name_ + "/" + server + " weight " + std::to_string(weight));
      if (answer && answer->empty()) continue;
      const std::string half = done == 0 ? ""
                                         : "; " + std::to_string(done) + " of " + std::to_string(moves.size()) +
                                               " weights were set (run it again)";
      const Error error = answer ? refusal(*answer, name_).in(where() + ": " + server) : answer.error();
      return fail(error.code, error.what + half);
    }
    const auto now = servers();
    if (!now) return now.error();
    const std::string wrong = not_so(moves, *now);
    if (!wrong.empty())
      return fail(Errc::io, where() + ": " + wrong +
                                ", right after it was set (does somebody else set weights, or an agent check?)");
    return told(split_, *now);
  }

  RuntimeApi api_;
  std::string name_;
  const Split& split_;
  const Deadline& deadline_;
};

} // namespace

Result<std::string> set_by_haproxy(const HaproxyPlace& place, const Split& split, const Deadline& deadline) {
  return Backend(place, split, deadline).set();
}

Result<std::string> check_by_haproxy(const HaproxyPlace& place, const Split& split, const Deadline& deadline) {
  return Backend(place, split, deadline).check();
}

} // namespace backstop::traffic
