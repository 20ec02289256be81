#pragma once
#include "daemon/traffic/haproxy_servers.hpp"
#include "daemon/traffic/weights.hpp"
#include <optional>
#include <string>
#include <vector>

/// What has to be done to the servers of a backend for a split, and what is in the way. Pure.
namespace backstop::traffic {

struct Move {
  std::string server;
  int weight = 0;
};

/// Error: a server of a side that HAProxy does not have, or a split that no weights give.
/// Else the weights that have to be set, in order: first those that rise, so that there is always somewhere to go. Of these and
/// of those that fall first the ones of the side that gets more, so that killed half-way the shares lie between old and new.
Result<std::vector<Move>> moves_to(const Split& split, const std::vector<Server>& servers);

/// Why traffic may not be moved now.
struct Obstacle {
  std::string why;
  bool may_pass = false; ///< it is a health check that says so: waiting may help
};
/// A side that is given more as the one that is named (`split.to`) needs all of its servers, for less of them would get that
/// share; no other server may take some of it; and where the other side is to keep some, it must have a server that is up. A
/// side that gets traffic back needs one: with what it has it carried the traffic before, and nothing may stop a way back.
std::optional<Obstacle> obstacle_to(const Split& split, const std::vector<Server>& servers);

/// All traffic is wanted on one side, and goes there: what weights its servers have is then the user's own affair.
bool goes_whole(const Split& split, const std::vector<Server>& servers);

/// The first weight that is not as wanted: "green1 has weight 0, not 28"; empty: all are.
std::string not_so(const std::vector<Move>& moves, const std::vector<Server>& servers);

/// "blue 90% (blue1 252), green 10% (green1 28 DOWN)": standings other than up are told.
std::string told(const Split& split, const std::vector<Server>& servers);

} // namespace backstop::traffic
