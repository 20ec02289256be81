#include "daemon/notice_text.hpp"
#include "daemon/operator.hpp"
#include "daemon/words.hpp"
#include <algorithm>
#include <utility>

/// Requests, signatures, and what must be given before a deployment begins.
namespace backstop {
namespace {

std::vector<std::string> roles_of(const config::Gates& gates) {
  std::vector<std::string> roles;
  const auto add = [&](const std::string& role) {
    if (std::find(roles.begin(), roles.end(), role) == roles.end()) roles.push_back(role);
  };
  for (const config::ApprovalRole& approval : gates.approvals) add(approval.role);
  for (const config::ChecklistItem& item : gates.checklist) add(item.role);
  return roles;
}

std::vector<std::string> unsigned_items(const DeploymentState& d, const std::string& role) {
  std::vector<std::string> open;
  for (const config::ChecklistItem& item : d.config->gates->checklist) {
    const auto seen = d.gates->items.find(item.name);
    if (item.role == role && !item.automatic() && seen == d.gates->items.end()) open.push_back(item.name);
  }
  return open;
}

} // namespace

Reply Operator::resolve_opened(const std::string& id, const std::string& what, const DeploymentState*& found) const {
  if (Reply r = resolve_deployment(id, found); !r.ok) return r;
  if (found->phase == Phase::requested) return {};
  return refusal("conflict", what, "it is " + std::string(name_of(found->phase)) + ", not waiting for its gates",
                 "`backstopctl deploy show " + id + "` tells how it stands");
}

Reply Operator::operator()(const RequestDeployment& c) {
  std::string key, previous;
  if (Reply r = resolve(c.what.service, key); !r.ok) return r;
  if (Reply r = may_open(c.what, key, previous); !r.ok) return r;
  const ServiceWatch& watch = *watches_.at(key);
  if (!watch.config.gates)
    return refusal("conflict", "request of " + key + " " + c.what.version, "the service has no gates",
                   "`backstopctl deploy begin` begins it at once; or write gates: in " + watch.config.file);
  DeploymentOpened opened;
  opened.id = "D" + std::to_string(ledger_.state().next_deployment);
  opened.service = key;
  opened.version = c.what.version;
  opened.previous = previous;
  opened.kind = c.what.kind.empty() ? "feature" : c.what.kind;
  opened.mode = c.what.mode.empty() ? std::string(name_of(watch.config.mode)) : c.what.mode;
  opened.components = c.what.components;
  opened.irreversible = c.what.irreversible;
  opened.asked_previous = c.what.previous;
  opened.config_hash = watch.config.hash;
  opened.config_text = watch.config.text;
  const std::string id = opened.id;
  add(std::move(opened));
  add(ItemsChecked{id, look_at_items(*watch.config.gates, &watch)});
  std::string roles;
  for (const config::ApprovalRole& approval : watch.config.gates->approvals)
    roles += (roles.empty() ? "" : ", ") + approval.role;
  announce(ledger_,
           {"requested", "info",
            key + " " + c.what.version + ": requested by " + actor_ + (roles.empty() ? "" : "; to be approved by ") +
                roles + "; backstopctl checklist " + id,
            "", id},
           config_.daemon, {}, now_);
  return done(id);
}

/// Whether this person may sign for the role at all.
Reply Operator::may_sign(const DeploymentState& d, const std::string& role, const std::vector<std::string>& held,
                         const std::string& what) const {
  const bool has =
      std::find(held.begin(), held.end(), role) != held.end() || std::find(held.begin(), held.end(), "*") != held.end();
  if (has) return {};
  const auto group = config_.daemon.roles.find(role);
  return refusal("unauthorized", what, actor_ + " does not have the role " + role + " for " + d.service,
                 group == config_.daemon.roles.end() ? "write the role with its group under roles: in backstop.yaml"
                                                     : "its members are those of group " + group->second);
}

/// Whether another person must sign: this one requested it, or signed for another role.
Reply Operator::other_eyes(const DeploymentState& d, const std::string& role, const std::string& what) const {
  const std::optional<config::Gates>& gates = d.config->gates;
  if (!gates) return {};
  if (gates->four_eyes && person_of(actor_) == person_of(d.gates ? d.gates->opened_by : d.began_by))
    return refusal("unauthorized", what, actor_ + " requested it, and two must see it (gates.four_eyes)",
                   "let another person sign");
  const std::string other = gates->one_role_per_person ? signed_as(d, actor_, role) : "";
  if (other.empty()) return {};
  return refusal("unauthorized", what,
                 actor_ + " signed as " + other +
                     " already, and a person signs for one role (gates.one_role_per_person)",
                 "let another person sign");
}

Reply Operator::operator()(const Approve& c) {
  const DeploymentState* d = nullptr;
  if (Reply r = resolve_deployment(c.id, d); !r.ok) return r;
  const std::string what = "approval of " + c.id + " as " + c.role;
  if (d->phase == Phase::deploying && d->rollout) return sign_step(*d, c);
  if (Reply r = resolve_opened(c.id, what, d); !r.ok) return r;
  if (!d->config || !d->config->gates)
    return refusal("conflict", what, "its frozen configuration cannot be read", "request it again");
  const config::Gates& gates = *d->config->gates;
  const std::vector<std::string> roles = roles_of(gates);
  if (std::find(roles.begin(), roles.end(), c.role) == roles.end())
    return refusal("not_found", "role '" + c.role + "'", "signs nothing of " + c.id, "roles are: " + join(roles));
  if (Reply r = may_sign(*d, c.role, c.held, what); !r.ok) return r;
  if (Reply r = other_eyes(*d, c.role, what); !r.ok) return r;
  for (const std::string& name : c.items) {
    const config::ChecklistItem* item = item_of(*d, name);
    if (!item || item->role != c.role || item->automatic())
      return refusal(item ? "conflict" : "not_found", "item '" + name + "'",
                     !item               ? "is not on the checklist"
                     : item->automatic() ? "is looked at by backstop itself"
                                         : "is owned by " + item->role,
                     "`backstopctl checklist " + c.id + "` shows the items");
  }
  const std::vector<std::string> open = unsigned_items(*d, c.role);
  if (!c.items.empty()) {
    add(ApprovalGiven{c.id, c.role, c.comment, "", c.items});
    return done(c.id);
  }
  if (!open.empty() && !c.all_items)
    return refusal("gate", what, "it has items that nobody signed: " + join(open),
                   "sign them one by one with --item NAME, or all of them with --all-items");
  const auto own = std::find_if(gates.approvals.begin(), gates.approvals.end(),
                                [&](const config::ApprovalRole& a) { return a.role == c.role; });
  for (auto before = gates.approvals.begin(); gates.ordered && own != gates.approvals.end() && before != own; ++before)
    if (!d->gates->approvals.contains(before->role))
      return refusal("gate", what, before->role + " comes before it and has not approved (gates.ordered)",
                     "wait for `backstopctl approve " + c.id + " --role " + before->role + "`");
  if (d->gates->approvals.contains(c.role) && open.empty())
    return refusal("conflict", what, d->gates->approvals.at(c.role).by + " approved already", "nothing to do");
  if (!open.empty()) add(ApprovalGiven{c.id, c.role, c.comment, "", open});
  if (own == gates.approvals.end()) return done(c.id); // a role that owns items, and agrees to nothing as a whole
  add(ApprovalGiven{c.id, c.role, c.comment, "", {}});
  if (open_approvals(*d).empty())
    announce(ledger_,
             {"approved." + std::to_string(to_us(now_)), "info",
              d->service + " " + d->version + ": every role has approved; backstopctl deploy begin " + c.id, "", c.id},
             config_.daemon, {}, now_);
  return done(c.id);
}

Reply Operator::operator()(const Revoke& c) {
  const DeploymentState* d = nullptr;
  const std::string what = "revocation of " + c.role + " for " + c.id;
  if (Reply r = resolve_opened(c.id, what, d); !r.ok) return r;
  if (Reply r = may_sign(*d, c.role, c.held, what); !r.ok) return r;
  for (const std::string& name : c.items) {
    const config::ChecklistItem* item = item_of(*d, name);
    if (!item || item->role != c.role || item->automatic() || !d->gates->items.contains(name))
      return refusal("conflict", "item '" + name + "'", "is not signed by " + c.role, "nothing to do");
  }
  if (c.items.empty() && !d->gates->approvals.contains(c.role))
    return refusal("conflict", what, c.role + " has not approved", "nothing to do");
  add(ApprovalRevoked{c.id, c.role, c.reason, c.items});
  return done(c.id);
}

Reply Operator::operator()(const CheckItems& c) {
  const DeploymentState* d = nullptr;
  if (Reply r = resolve_opened(c.id, "check of " + c.id, d); !r.ok) return r;
  if (!d->config || !d->config->gates) return done(c.id);
  for (const auto& [item, step] : d->gates->checks)
    if (in_doubt(step))
      return refusal("conflict", "check of " + c.id, item + " runs still", "wait for its end, then look again");
  const auto watch = watches_.find(d->service);
  add(ItemsChecked{c.id, look_at_items(*d->config->gates, watch == watches_.end() ? nullptr : watch->second.get())});
  return done(c.id);
}

/// What is missing is said, and recorded where there is a request to record it with.
Reply Operator::pass_gates(const BeginDeployment& c, const DeploymentState* opened, const ServiceWatch& watch,
                           std::vector<std::string>& overridden) {
  std::vector<std::string> missing;
  if (opened)
    missing = missing_before(*opened, watch, now_, clock_);
  else if (watch.config.gates)
    missing.emplace_back("a request: backstopctl deploy request --service " + watch.key + " --version " + c.version);
  if (!c.override_reason.empty()) {
    overridden = std::move(missing);
    const std::vector<std::string> commands = opened ? open_commands(*opened) : std::vector<std::string>{};
    overridden.insert(overridden.end(), commands.begin(), commands.end());
    return {};
  }
  if (missing.empty()) return {};
  // Asked again and again, as by a pipeline that waits, it is recorded when it is news.
  if (opened && missing != opened->gates->missing) add(GateRefused{opened->id, missing});
  Reply reply = refusal("gate", "deployment of " + watch.key + " " + c.version, "missing: " + join(missing, "; "),
                        "give what is missing" + (opened ? " (backstopctl checklist " + opened->id + ")" : "") +
                            ", or in an emergency begin with --override --reason …");
  Json list = Json::array();
  for (const std::string& m : missing) list.push(m);
  reply.details.set("missing", std::move(list));
  return reply;
}

} // namespace backstop
