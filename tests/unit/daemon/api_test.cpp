#include "daemon/api.hpp"
#include "shop_config.hpp"
#include "tests/fakes/app_world.hpp"
#include <gtest/gtest.h>

/// The control API without sockets: who may do what, what a wrong request is told, when an answer comes.
namespace backstop {
namespace {

const Caller kOperator{"uid:0(root)", true, true};

/// A shop that runs v1 and was watched for a while, and the API over it.
class ApiWorld : public ::testing::Test {
protected:
  explicit ApiWorld(const std::string& service) : world_({service}) {
    world_.start();
    world_.run(70);
    world_.adopt("shop", "v1");
    world_.run(1);
    api_ = std::make_unique<Api>(*world_.app, [this] { return faults_; });
  }
  /// The answers given so far to a request: one, or none yet.
  using Answers = std::shared_ptr<std::vector<ApiReply>>;
  Answers send(const std::string& method, const std::string& path, const std::string& body, const Caller& caller) {
    auto answers = std::make_shared<std::vector<ApiReply>>();
    api_->handle({method, path, {}, body, caller}, world_.now, [answers](const ApiReply& r) { answers->push_back(r); });
    return answers;
  }
  /// For what is answered at once.
  ApiReply ask(const std::string& method, const std::string& path, const std::string& body = "",
               const Caller& caller = kOperator) {
    const Answers answers = send(method, path, body, caller);
    EXPECT_EQ(answers->size(), 1U) << method << " " << path;
    return answers->empty() ? ApiReply{0, {}} : answers->front();
  }
  void run(int seconds) {
    world_.run(seconds);
    api_->poll();
  }
  static std::string error(const ApiReply& reply, const char* part) { return reply.body["error"].text(part); }

  AppWorld world_;
  std::vector<std::string> faults_;
  std::unique_ptr<Api> api_;
};

class ApiTest : public ApiWorld {
protected:
  ApiTest() : ApiWorld(ShopConfig{}.text()) {}
};

TEST_F(ApiTest, ATestOfAChannelSaysWhatWasAnsweredAndIsRecorded) {
  const ApiReply taken = ask("POST", "/v1/channels/oncall/test", "{}");
  EXPECT_EQ(taken.status, 200);
  EXPECT_TRUE(taken.body.flag("taken"));
  EXPECT_EQ(taken.body.text("answer"), "taken by the test");
  EXPECT_NE(world_.notifier.delivered.back().title.find("this is a test of the channel oncall"), std::string::npos);
  world_.notifier.failing = true;
  const ApiReply refused = ask("POST", "/v1/channels/oncall/test");
  EXPECT_EQ(refused.status, 200);
  EXPECT_FALSE(refused.body.flag("taken"));
  EXPECT_EQ(refused.body.text("answer"), "refused by the test");
  EXPECT_EQ(world_.journal.of_type("channel_tested").size(), 2U);
  EXPECT_TRUE(world_.app->state().outbox.empty()) << "it is no notice of the queue";
}

TEST_F(ApiTest, ATestOfAChannelWantsTheRightToActAndAChannel) {
  EXPECT_EQ(ask("POST", "/v1/channels/oncall/test", "", {"uid:1000(ana)", true, false}).status, 403);
  const ApiReply none = ask("POST", "/v1/channels/fax/test");
  EXPECT_EQ(none.status, 404);
  EXPECT_EQ(error(none, "how"), "configured are: oncall");
  EXPECT_EQ(ask("POST", "/v1/channels/oncall/test", R"({"loud": true})").status, 400);
}

TEST_F(ApiTest, WhoMayNotSeeLearnsWhichGroupsMay) {
  for (const char* path : {"/v1/status", "/v1/deployments", "/v1/incidents", "/nowhere"}) {
    const ApiReply reply = ask("GET", path, "", {"uid:1000(ana)", false, false});
    EXPECT_EQ(reply.status, 403) << path;
    EXPECT_EQ(error(reply, "code"), "unauthorized");
    EXPECT_EQ(error(reply, "what"), "uid:1000(ana)");
    EXPECT_NE(error(reply, "how").find("group"), std::string::npos);
  }
}

TEST_F(ApiTest, WhoMaySeeMayNotAct) {
  const Caller observer{"uid:1000(ana)", true, false};
  EXPECT_EQ(ask("GET", "/v1/status", "", observer).status, 200);
  const ApiReply reply = ask("POST", "/v1/hold", R"({"service":"shop","for_s":60,"reason":"r"})", observer);
  EXPECT_EQ(reply.status, 403);
  EXPECT_TRUE(world_.app->state().holds.empty());
  EXPECT_EQ(ask("POST", "/v1/reload", "", observer).status, 403);
}

TEST_F(ApiTest, UnknownRoutesAndMethodsAreToldWhereToLook) {
  for (const char* path : {"/", "/v1", "/v2/status", "/v1/nothing", "/v1/status/x", "/v1/deployments/D1/x", "//"}) {
    const ApiReply reply = ask("GET", path);
    EXPECT_EQ(reply.status, 404) << path;
    EXPECT_NE(error(reply, "how").find("docs/control-api.md"), std::string::npos) << path;
  }
  EXPECT_EQ(ask("POST", "/v1/nothing", "{}").status, 404);
  EXPECT_EQ(ask("POST", "/v1/deployments/D1/explode", "{}").status, 404);
  EXPECT_EQ(ask("DELETE", "/v1/status").status, 405);
}

TEST_F(ApiTest, AnUnknownServiceIsAnsweredWithTheConfiguredOnes) {
  const ApiReply reply = ask("POST", "/v1/rollback", R"({"service":"shpo","reason":"r"})");
  EXPECT_EQ(reply.status, 404);
  EXPECT_NE((error(reply, "why") + error(reply, "how")).find("shop/production"), std::string::npos)
      << reply.body.dump();
}

TEST_F(ApiTest, UnknownIdsAreNotFound) {
  for (const char* path : {"/v1/deployments/D99", "/v1/incidents/I99", "/v1/explain/E99"})
    EXPECT_EQ(ask("GET", path).status, 404) << path;
  EXPECT_EQ(ask("POST", "/v1/deployments/D99/finish").status, 404);
  EXPECT_EQ(ask("POST", "/v1/incidents/I99/ack", R"({"comment":"c"})").status, 404);
}

TEST_F(ApiTest, GarbageIsRefusedAndChangesNothing) {
  const std::size_t records = world_.journal.records().size();
  const std::string deep(100, '[');
  for (const std::string& body :
       {std::string("{"), std::string("\xff\xfe"), std::string("[]"), std::string("7"), deep,
        std::string(R"({"service":"shop","service":"shop"})"), std::string(R"({"service":7})"),
        std::string("{\"service\":\"") + std::string(5000, 'x') + "\"}"}) {
    const ApiReply reply = ask("POST", "/v1/hold", body);
    EXPECT_EQ(reply.status, 400) << body.substr(0, 40);
    EXPECT_EQ(error(reply, "code"), "invalid");
    EXPECT_FALSE(error(reply, "why").empty());
    EXPECT_FALSE(error(reply, "how").empty());
  }
  EXPECT_EQ(world_.journal.records().size(), records);
}

TEST_F(ApiTest, ADeploymentIsAnsweredOnceItIsBegun) {
  const ApiReply reply = ask("POST", "/v1/deployments", R"({"service":"shop","version":"v2"})");
  ASSERT_EQ(reply.status, 200) << reply.body.dump();
  const std::string id = reply.body.text("id");
  EXPECT_EQ(reply.body["deployment"].text("phase"), "deploying");
  EXPECT_EQ(ask("GET", "/v1/deployments/" + id).body["deployment"].text("version"), "v2");
}

TEST_F(ApiTest, AReloadSaysItsFaults) {
  EXPECT_EQ(ask("POST", "/v1/reload").status, 200);
  faults_ = {"shop.yaml:3:1: unknown key", "shop.yaml:9:2: another"};
  const ApiReply reply = ask("POST", "/v1/reload");
  EXPECT_EQ(reply.status, 422);
  EXPECT_EQ(error(reply, "code"), "config");
  ASSERT_TRUE(reply.body["faults"].as_array());
  EXPECT_EQ(reply.body["faults"].as_array()->size(), 2U);
}

TEST_F(ApiTest, WithoutAJournalEveryCommandIsRefusedAndNothingBegins) {
  world_.faulty->fail_at(world_.faulty->appends() + 1, 100);
  world_.app->on_tick(world_.now);
  ask("POST", "/v1/hold", R"({"service":"shop","for_s":60,"reason":"r"})"); // learns that the disk is full
  const ApiReply reply = ask("POST", "/v1/deployments", R"({"service":"shop","version":"v2"})");
  EXPECT_EQ(reply.status, 503) << reply.body.dump();
  EXPECT_EQ(error(reply, "code"), "journal");
  EXPECT_TRUE(world_.app->state().deployment_order.empty());
  EXPECT_EQ(ask("GET", "/v1/status").status, 200) << "seeing needs no journal";
}

/// A rollback whose script is looked for at `deploy begin`.
class PreflightTest : public ApiWorld {
protected:
  PreflightTest() : ApiWorld(with_preflight()) {}
  static std::string with_preflight() {
    ShopConfig config;
    const std::string check = "check: {argv: [/bin/is-at";
    config.steps.replace(config.steps.find(check), check.size(), "preflight: {argv: [/bin/there]}, " + check);
    return config.text();
  }
  Answers begin() { return send("POST", "/v1/deployments", R"({"service":"shop","version":"v2"})", kOperator); }
};

TEST_F(PreflightTest, TheAnswerComesWhenThePreflightHasEnded) {
  const Answers answers = begin();
  EXPECT_TRUE(answers->empty());
  run(1);
  ASSERT_EQ(answers->size(), 1U);
  EXPECT_EQ(answers->front().status, 200);
  EXPECT_EQ(answers->front().body["deployment"].text("phase"), "deploying");
  run(5);
  EXPECT_EQ(answers->size(), 1U) << "once";
}

TEST_F(PreflightTest, AScriptThatIsNotThereRefusesTheDeployment) {
  world_.steps.script("/bin/there", {ScriptedStepRunner::Script::exits(127, {}, "no such file")});
  const Answers answers = begin();
  run(2);
  ASSERT_EQ(answers->size(), 1U);
  EXPECT_EQ(answers->front().status, 409);
  EXPECT_EQ(error(answers->front(), "code"), "no_target");
  EXPECT_NE(error(answers->front(), "how").find("--irreversible"), std::string::npos);
}

TEST_F(PreflightTest, WaitingForItHoldsUpNobodyElse) {
  world_.steps.script("/bin/there", {ScriptedStepRunner::Script::exits(0, std::chrono::seconds(8))});
  const Answers answers = begin();
  run(3);
  EXPECT_TRUE(answers->empty());
  EXPECT_EQ(ask("GET", "/v1/status").status, 200);
  run(10);
  EXPECT_EQ(answers->size(), 1U);
}

} // namespace
} // namespace backstop
