#pragma once
#include "daemon/channels/kinds.hpp"
#include "tests/unit/daemon/shop_world.hpp"
#include <map>
#include <string>

/// Notices as the daemon makes them, by event, and channels of every kind to send them through.
namespace backstop::channels::test {

inline const Notice& delivered(const ShopWorld& world, const std::string& event) {
  for (const Notice& notice : world.notifier.delivered)
    if (notice.key.find("/" + event) != std::string::npos) return notice;
  throw std::runtime_error("nobody was told of " + event);
}

/// A rollback that works, one that fails and is unlocked, one that is only proposed and acknowledged, a version that is kept.
inline std::map<std::string, Notice> notices() {
  std::map<std::string, Notice> all;
  const auto keep = [&](const ShopWorld& w, std::initializer_list<const char*> events) {
    for (const char* event : events) all[event] = delivered(w, event);
  };
  {
    ShopWorld w;
    w.until_phase(w.ship("v2", 0.3), Phase::rolled_back_verified);
    w.run(2);
    keep(w, {"rollback_started", "rolled_back"});
    w.until_phase(w.ship("v3"), Phase::succeeded);
    w.run(2);
    keep(w, {"kept"});
  }
  {
    ShopWorld w;
    w.steps.script("/bin/execute", {ScriptedStepRunner::Script::exits(3)});
    w.until_phase(w.ship("v2", 0.3), Phase::rollback_failed);
    w.command(Unlock{"shop", "mended by hand", "", true}, "uid:7(ann)");
    w.run(2);
    keep(w, {"rollback_failed", "unlocked"});
  }
  {
    ShopConfig config;
    config.mode = "observe";
    ShopWorld w(config);
    config::Channel machine;
    machine.name = "machine";
    machine.type = config::ChannelType::cdevents;
    w.replace_channels({machine, {"oncall", config::ChannelType::command, {}, {"/bin/notify"}}});
    w.until_status(w.ship("v2", 0.3), "observed");
    w.command(Acknowledge{"I1", "looking at it", {}}, "uid:7(ann)");
    w.run(2);
    keep(w, {"deployed", "decision", "acknowledged"});
  }
  for (auto& [event, notice] : all)
    notice.channel = "it", notice.key = notice.key.substr(0, notice.key.rfind('/')) + "/it";
  all["test"] = {"backstopd/test/1/it", "it", "info", "this is a test of the channel it", R"({"event":"test"})"};
  return all;
}

/// What would do harm if it were taken for more than text, in every place of a notice.
inline Notice hostile() {
  const std::string bad =
      "v1\x1b[31m\r\nBcc: all@example.org\r\n\r\n<!channel> @channel <script>alert(1)</script> [x](http://e.vil) "
      "**b** <http://e.vil|click> \xE2\x80\xAE &amp; \"quoted\" '; DROP -- \xFF\xC0\x80 =?UTF-8?Q?x?= caf\xC3\xA9\t.";
  Json body = Json::object();
  for (const char* name : {"service", "environment", "deployment", "version", "previous_version", "cause", "did",
                           "todo", "acknowledged_by", "comment", "phase", "why"})
    body.set(name, bad);
  body.set("event", "rolled_back")
      .set("incident", "I1")
      .set("incident_severity", "critical")
      .set("incident_began_as", "alert");
  body.set("opened", "2026-01-01T00:00:00.000Z").set("opened_us", std::int64_t{1'767'225'600'000'000});
  body.set("numbers",
           Json::array().push(
               Json::object().set("rule", bad).set("level", "critical").set("text", bad + std::string(5000, 'x'))));
  return {"I1/rolled_back/it", "it", "critical", bad + std::string(20000, 'y'), body.dump()};
}

inline config::Channel channel_of(config::ChannelType type) {
  config::Channel channel;
  channel.name = "it";
  channel.type = type;
  channel.mail.server = "mail.example.org:587";
  channel.mail.from = "backstop@example.org";
  channel.mail.to = {"oncall@example.org", "ana@example.org"};
  channel.page = "page1";
  channel.components = {{"shop/production", "comp1"}};
  channel.generator_url = "https://wiki.example.org/backstop";
  return channel;
}

inline Sending sending_of(config::ChannelType type, const Notice& notice) {
  return {channel_of(type),
          {"https://service.example/base", "the-key", ""},
          occasion_of(notice),
          "host-1",
          time_from_us(1'767'225'900'000'000)};
}

/// All exchanges of a delivery whose every answer is `answer`.
inline std::vector<HttpRequest> exchanges(const Sending& sending, const HttpResponse& answer) {
  std::vector<HttpRequest> all;
  while (auto request = next_request(sending, static_cast<int>(all.size()), all.empty() ? nullptr : &answer))
    all.push_back(*std::move(request));
  return all;
}

} // namespace backstop::channels::test
