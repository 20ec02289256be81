#include "daemon/runner_protocol.hpp"
#include "daemon/json.hpp"
#include "daemon/step_order.hpp"
#include <algorithm>
#include <array>

namespace backstop {
namespace {

using What = RunnerRequest::What;
using Ended = RunnerReply::Result;

constexpr std::array<std::pair<What, std::string_view>, 4> kWhats{
    {{What::start, "start"}, {What::forget, "forget"}, {What::settle, "settle"}, {What::remember, "remember"}}};

bool has_key(What what) { return what == What::start || what == What::forget; }
bool has_order(What what) { return what == What::start || what == What::remember; }
constexpr std::array<std::pair<Ended, std::string_view>, 4> kResults{
    {{Ended::done, "done"}, {Ended::refused, "refused"}, {Ended::failed, "failed"}, {Ended::unable, "unable"}}};

/// The members of an object that must be exactly these, all of them texts.
class Texts {
public:
  explicit Texts(const Json& object) : object_(object) {
    if (!object.as_object()) fault = "is no object";
  }
  std::string take(const char* name, std::size_t limit = 256) {
    ++taken_;
    const std::string* text = object_[name].as_string();
    if (!text || text->size() > limit) {
      if (fault.empty())
        fault = std::string("'") + name + "' is not a text of at most " + std::to_string(limit) + " bytes";
      return {};
    }
    return *text;
  }
  /// Counts a member that is read elsewhere.
  void skip() { ++taken_; }
  void finish() {
    if (fault.empty() && object_.as_object()->size() != taken_) fault = "has members that are not known";
  }
  std::string fault;

private:
  const Json& object_;
  std::size_t taken_ = 0;
};

Json key_json(const StepKey& key) {
  return Json::object()
      .set("deployment", key.deployment)
      .set("procedure", key.procedure)
      .set("path", key.path)
      .set("attempt", key.attempt);
}

Result<StepKey> key_from(const Json& json) {
  Texts texts(json);
  StepKey key{texts.take("deployment"), texts.take("procedure"), texts.take("path"), 0};
  texts.skip();
  const std::int64_t* attempt = json["attempt"].as_int();
  if (!attempt || *attempt < 1 || *attempt > 1'000'000) return fail(Errc::invalid, "key: 'attempt' is no count");
  key.attempt = static_cast<int>(*attempt);
  texts.finish();
  if (!texts.fault.empty()) return fail(Errc::invalid, "key: " + texts.fault);
  return key;
}

Json order_json(const StepOrder& order) {
  Json fields = Json::object();
  for (const auto& [name, value] : order.fields) fields.set(name, value);
  return Json::object()
      .set("act", std::string(name_of(order.act)))
      .set("service", order.service)
      .set("config_hash", order.config_hash)
      .set("step", order.step)
      .set("fields", std::move(fields));
}

Result<StepOrder> order_from(const Json& json) {
  Texts texts(json);
  const std::optional<StepOrder::Act> act = act_named(texts.take("act"));
  StepOrder order;
  order.service = texts.take("service");
  order.config_hash = texts.take("config_hash", 64);
  order.step = texts.take("step");
  texts.skip();
  texts.finish();
  if (!texts.fault.empty()) return fail(Errc::invalid, "order: " + texts.fault);
  if (!act) return fail(Errc::invalid, "order: 'act' is not known");
  order.act = *act;
  const Json::Object* fields = json["fields"].as_object();
  if (!fields) return fail(Errc::invalid, "order: 'fields' is no object");
  for (const auto& [name, value] : *fields) {
    if (!value.as_string()) return fail(Errc::invalid, "order: a field is no text");
    order.fields[name] = *value.as_string();
  }
  return order;
}

template <class Value, std::size_t N>
std::string name_in(const std::array<std::pair<Value, std::string_view>, N>& names, Value value) {
  const auto it = std::find_if(names.begin(), names.end(), [&](const auto& n) { return n.first == value; });
  return std::string(it->second);
}

template <class Value, std::size_t N>
std::optional<Value> value_in(const std::array<std::pair<Value, std::string_view>, N>& names, std::string_view name) {
  const auto it = std::find_if(names.begin(), names.end(), [&](const auto& n) { return n.second == name; });
  return it == names.end() ? std::nullopt : std::optional<Value>(it->first);
}

} // namespace

std::string text_of(const RunnerRequest& request) {
  Json json = Json::object().set("do", name_in(kWhats, request.what));
  if (has_key(request.what)) json.set("key", key_json(request.key));
  if (has_order(request.what)) json.set("order", order_json(request.order));
  return json.dump();
}

Result<RunnerRequest> runner_request(std::string_view text) {
  if (text.size() > kRunnerPacketLimit) return fail(Errc::too_large, "the request is larger than 128 KiB");
  const Result<Json> json = Json::parse(text, 4);
  if (!json) return json.error().in("the request is not JSON");
  Texts texts(*json);
  const std::optional<What> what = value_in(kWhats, texts.take("do"));
  if (!what) return fail(Errc::invalid, "the request: 'do' is none of start, forget, settle, remember");
  RunnerRequest request;
  request.what = *what;
  if (has_key(*what)) {
    texts.skip();
    Result<StepKey> key = key_from((*json)["key"]);
    if (!key) return key.error();
    request.key = *std::move(key);
  }
  if (has_order(*what)) {
    texts.skip();
    Result<StepOrder> order = order_from((*json)["order"]);
    if (!order) return order.error();
    request.order = *std::move(order);
  }
  texts.finish();
  if (!texts.fault.empty()) return fail(Errc::invalid, "the request " + texts.fault);
  if (*what == What::start) {
    if (const Status fine = check_order(request.order); !fine) return fine.error();
  }
  return request;
}

std::string text_of(const RunnerReply& reply) {
  return Json::object().set("result", name_in(kResults, reply.result)).set("why", reply.why).dump();
}

Result<RunnerReply> runner_reply(std::string_view text) {
  const Result<Json> json = Json::parse(text, 4);
  if (!json) return json.error().in("the reply is not JSON");
  const std::optional<Ended> result = value_in(kResults, json->text("result"));
  if (!result) return fail(Errc::invalid, "the reply has no result");
  return RunnerReply{*result, json->text("why")};
}

} // namespace backstop
