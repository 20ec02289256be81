#include "daemon/io/control_peer.hpp"
#include <algorithm>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

namespace backstop {
namespace {

bool is_member(const web::Peer& peer, const std::string& group) {
  if (group.empty()) return false;
  const struct group* entry = ::getgrnam(group.c_str());
  if (!entry) return false;
  return peer.gid == entry->gr_gid ||
         std::find(peer.groups.begin(), peer.groups.end(), entry->gr_gid) != peer.groups.end();
}

} // namespace

Caller caller_of(const std::optional<web::Peer>& peer, const config::Daemon& daemon) {
  Caller caller;
  if (!peer) {
    caller.name = "unknown peer";
    return caller;
  }
  const struct passwd* user = ::getpwuid(peer->uid);
  caller.name = "uid:" + std::to_string(peer->uid) + (user ? "(" + std::string(user->pw_name) + ")" : "");
  // The daemon's own user (a demo, a test, a host without groups) does both, as root does.
  caller.may_act = peer->uid == 0 || peer->uid == ::geteuid() || is_member(*peer, daemon.control.operators);
  if (peer->uid == 0 || peer->uid == ::geteuid()) caller.roles.emplace_back("*");
  for (const auto& [role, group] : daemon.roles)
    if (is_member(*peer, group)) caller.roles.push_back(role);
  caller.may_see = caller.may_act || !caller.roles.empty() || is_member(*peer, daemon.control.observers);
  return caller;
}

} // namespace backstop
