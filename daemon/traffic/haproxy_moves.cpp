#include "daemon/traffic/haproxy_moves.hpp"
#include <algorithm>

namespace backstop::traffic {
namespace {

constexpr double kSame = 1e-9;

const Server* find(const std::vector<Server>& servers, const std::string& name) {
  const auto found = std::find_if(servers.begin(), servers.end(), [&](const Server& s) { return s.name == name; });
  return found == servers.end() ? nullptr : &*found;
}

double sum_of(const Side& side, const std::vector<Server>& servers) {
  double out = 0;
  for (const std::string& name : side.servers)
    if (const Server* server = find(servers, name)) out += server->weight;
  return out;
}

/// The share of split.to as it is now.
double share_now(const Split& split, const std::vector<Server>& servers) {
  return share_of_sums(sum_of(split.sides[split.to], servers), sum_of(split.sides[1 - split.to], servers));
}

bool any_up(const Side& side, const std::vector<Server>& servers) {
  return std::any_of(side.servers.begin(), side.servers.end(), [&](const std::string& name) {
    const Server* server = find(servers, name);
    return server != nullptr && server->standing == Standing::up;
  });
}

std::string standings(const Side& side, const std::vector<Server>& servers) {
  std::string out;
  for (const std::string& name : side.servers)
    if (const Server* server = find(servers, name))
      out += (out.empty() ? "" : ", ") + name + " is " + std::string(name_of(server->standing));
  return out;
}

/// By itself, once its health check is content.
bool passes(Standing standing) { return standing == Standing::down || standing == Standing::stopping; }

std::string cure(bool may_pass) {
  return may_pass ? " (see what its health check asks for)" : " (HAProxy's `set server ... state ready` puts it back)";
}

std::optional<Obstacle> none_up(const Side& side, const std::vector<Server>& servers, const std::string& what_then) {
  if (any_up(side, servers)) return std::nullopt;
  const bool may_pass = std::any_of(side.servers.begin(), side.servers.end(),
                                    [&](const std::string& name) { return passes(find(servers, name)->standing); });
  return Obstacle{standings(side, servers) + what_then + cure(may_pass), may_pass};
}

std::optional<Obstacle> obstacle_forward(const Split& split, const std::vector<Server>& servers) {
  const Side& to = split.sides[split.to];
  const Side& from = split.sides[1 - split.to];
  for (const std::string& name : to.servers) {
    const Server& server = *find(servers, name);
    if (server.standing != Standing::up)
      return Obstacle{name + " of " + to.name + " is " + std::string(name_of(server.standing)) +
                          cure(passes(server.standing)),
                      passes(server.standing)};
    if (server.backup)
      return Obstacle{name + " of " + to.name +
                      " is a backup, which gets nothing while another server can (take `backup` off its line)"};
  }
  const auto of_a_side = [&](const Server& server) {
    const auto in = [&](const Side& side) {
      return std::find(side.servers.begin(), side.servers.end(), server.name) != side.servers.end();
    };
    return in(to) || in(from);
  };
  for (const Server& server : servers)
    if (server.standing == Standing::up && server.weight > 0 && !server.backup && !of_a_side(server))
      return Obstacle{server.name + " is on no side and has weight " + std::to_string(server.weight) +
                      ", so it would take some of the traffic (put it on a side, or give it weight 0)"};
  if (split.share >= 1) return std::nullopt;
  return none_up(from, servers, ", so all of the traffic would go to " + to.name);
}

} // namespace

Result<std::vector<Move>> moves_to(const Split& split, const std::vector<Server>& servers) {
  const auto weights = weights_of(split);
  if (!weights) return weights.error();
  const std::size_t more = split.share > share_now(split, servers) ? split.to : 1 - split.to;
  std::vector<Move> up, down;
  for (const std::size_t side : {more, 1 - more}) {
    for (const std::string& name : split.sides[side].servers) {
      const Server* server = find(servers, name);
      if (server == nullptr)
        return fail(Errc::not_found,
                    "HAProxy has no server \"" + name + "\" there (see the sides, and its configuration)");
      const int weight = (*weights)[side];
      if (server->weight != weight) (server->weight < weight ? up : down).push_back({name, weight});
    }
  }
  up.insert(up.end(), down.begin(), down.end());
  return up;
}

std::optional<Obstacle> obstacle_to(const Split& split, const std::vector<Server>& servers) {
  const bool nobody = sum_of(split.sides[0], servers) + sum_of(split.sides[1], servers) <= 0;
  const double gained = split.share - share_now(split, servers);
  if (gained > kSame) return obstacle_forward(split, servers);
  if (gained < -kSame || nobody)
    return none_up(split.sides[1 - split.to], servers,
                   ", and " + split.sides[1 - split.to].name + " is to get traffic back");
  return std::nullopt;
}

bool goes_whole(const Split& split, const std::vector<Server>& servers) {
  const std::size_t all = split.share >= 1 ? split.to : 1 - split.to;
  if (split.share > 0 && split.share < 1) return false;
  return sum_of(split.sides[all], servers) > 0 && sum_of(split.sides[1 - all], servers) <= 0;
}

std::string not_so(const std::vector<Move>& moves, const std::vector<Server>& servers) {
  for (const Move& move : moves)
    if (const Server* server = find(servers, move.server); server != nullptr && server->weight != move.weight)
      return move.server + " has weight " + std::to_string(server->weight) + ", not " + std::to_string(move.weight);
  return "";
}

std::string told(const Split& split, const std::vector<Server>& servers) {
  std::string out;
  for (std::size_t side = 0; side < split.sides.size(); ++side) {
    out += (out.empty() ? "" : ", ") + split.sides[side].name + " " + percent(split.share_of(side)) + " (";
    std::string list;
    for (const std::string& name : split.sides[side].servers) {
      const Server* server = find(servers, name);
      if (server == nullptr) continue;
      list += (list.empty() ? "" : ", ") + name + " " + std::to_string(server->weight);
      if (server->standing != Standing::up) list += " " + std::string(name_of(server->standing));
    }
    out += list + ")";
  }
  return out;
}

} // namespace backstop::traffic
