#pragma once
#include "daemon/ctl/layout.hpp"
#include "daemon/json.hpp"
#include <string>
#include <utility>
#include <vector>

/// The pages that render() chooses from. Each takes its document of the control API, printable() already.
namespace backstop::ctl {

std::string status_page(const Json& document, const Style& style);

std::string deployment_page(const Json& deployment, const Style& style);
std::string deployments_page(const Json& document);
/// What a script takes: the id alone. What a person should know beside it is begun_warnings().
std::string begun_page(const Json& document);
std::string begun_warnings(const Json& document);

std::string incident_page(const Json& incident, const Style& style);
std::string incidents_page(const Json& document);
std::string explanation_page(const Json& document, const Style& style);
std::string quarantine_page(const Json& document);
/// The answer to POST /v1/game-day.
std::string game_day_page(const Json& document, const Style& style);
/// The answer to POST /v1/channels/NAME/test.
std::string channel_test_page(const Json& document, const Style& style);

/// The answer to GET /v1/deployments/ID/checklist, as a form.
std::string checklist_page(const Json& document, const Style& style);
/// The plan of a deployment, step by step.
std::string plan_page(const Json& deployment, const Style& style);
/// "[x] build 12s  [>] production  [ ] finalization"; "" without a plan.
std::string plan_line(const Json& deployment);
/// "production: watch-some (watched), until 10:04:05.000": where a plan stands.
std::string plan_at(const Json& deployment);
/// Where the traffic goes; "" where none was moved.
std::string traffic_line(const Json& deployment);
/// Why a plan is paused, and the ways on; "" where it is not.
std::string plan_stops(const Json& deployment, const Style& style);

/// "rolled back, verified" of "rolled_back_verified": phases as people say them.
std::string phase_words(const std::string& phase);
/// "ana" of "uid:1000(ana)": who it was to the kernel stands in the records.
std::string person_name(const std::string& actor);
/// "D1 watching v2, good in 12s, watched for 52s more": how the deployment of a service document stands.
std::string phase_text(const Json& service);
/// "12s of 30s": how long a rule has been out of its normal band.
std::string held_text(const Json& rule);
/// "warm-up 3min, sustain 80s": how long a sequential judge waits.
std::string judge_times(const Json& judge);
/// What becomes of a decided rollback: "held" of "held:held by ...". Empty: none is decided.
std::string standing_of_rollback(const Json& deployment);
/// What a person can do now, aligned: {"roll back now", "rollback shop/production --reason ..."}, without the program.
std::string ways(const std::vector<std::pair<std::string, std::string>>& choices);
/// LOCKED, HELD, a rollback that is decided and not carried out: why, and the ways out. "" where there is none of it.
std::string what_stops_it(const Json& service, const Style& style);
/// A rollback of this deployment is decided, and will not be carried out unless a person does something.
bool needs_a_person(const Json& service, const Json& deployment);
/// What happened, one line each, under the title; "" where nothing did. "D1: " is left out for `known` names.
std::string timeline(const Json& entries, const std::string& title, const std::vector<std::string>& known);

} // namespace backstop::ctl
