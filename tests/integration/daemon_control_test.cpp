#include "tests/integration/daemon_process.hpp"
#include <algorithm>
#include <chrono>
#include <grp.h>
#include <thread>

/// What comes in at the control socket and at /metrics of the real daemon: who may, what is refused, and that nobody
/// takes the daemon down.
namespace backstop {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr long kGrowth = 16 << 10; ///< KiB that the daemon's memory may grow by under a flood
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kMemoryTells = false; // freed memory is kept in quarantine
#else
constexpr bool kMemoryTells = true;
#endif

class DaemonControl : public DaemonProcess {
protected:
  void SetUp() override { ASSERT_TRUE(start()); }
  void expect_alive(const std::string& after) {
    EXPECT_TRUE(runs()) << "ended with " << ended << " after " << after;
    EXPECT_EQ(ctl({"status"}).code, 0) << "after " << after;
  }
  void expect_memory_near(long before) {
    const long now = memory_kib();
    if (kMemoryTells) {
      EXPECT_LT(now, before + kGrowth);
    }
  }
  /// The body of the answer as a document, with the status put in.
  Json refused(const std::string& method, const std::string& path, const std::string& body = "") {
    const auto answer = ask(method, path, body);
    if (!answer) return Json::object().set("status", answer.error().what);
    Json error = Json::parse(answer->body).value_or(Json())["error"];
    return error.set("status", answer->status);
  }
  /// Nobody may see from then on, and not act; backstopctl lies where nobody can run it.
  void let_nobody_observe() {
    ASSERT_EQ(stop(), 0);
    std::string file = shop.daemon_file();
    file.replace(file.find("control.sock}"), 13, "control.sock, observers: nogroup, operators: root}");
    write("backstop.yaml", file);
    ASSERT_TRUE(start());
    std::filesystem::copy_file(shop.bin + "/backstopctl", shop.dir + "/backstopctl");
  }
};

bool become_nobody() { return ::setgroups(0, nullptr) == 0 && ::setgid(65534) == 0 && ::setuid(65534) == 0; }

TEST_F(DaemonControl, APeerWithoutTheRightIsToldWhichGroupToJoin) {
  if (::geteuid() != 0) GTEST_SKIP() << "NEEDS ROOT to become another user; this was NOT tested";
  // The build folder may be closed to others: what is run as nobody lies beside the socket.
  std::filesystem::copy_file(shop.bin + "/backstopctl", shop.dir + "/backstopctl");
  const auto as_nobody = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {shop.dir + "/backstopctl", "--socket", socket_path()});
    return run_program(words, become_nobody);
  };
  const Ran look = as_nobody({"status"});
  EXPECT_EQ(look.code, 4);
  EXPECT_THAT(look.err, AllOf(HasSubstr("uid:65534(nobody): may not see this daemon"),
                              HasSubstr("(join group backstop-observers (see) or backstop-operators (act))")));
  EXPECT_EQ(look.out, "");
  EXPECT_EQ(as_nobody({"hold", "shop", "--for", "1m", "--reason", "x"}).code, 4);
  const Ran json = as_nobody({"--json", "status"});
  EXPECT_EQ(Json::parse(json.out).value_or(Json())["error"].text("code"), "unauthorized") << json.out;
  EXPECT_TRUE(service()["hold"].is_null());
  expect_alive("a stranger");
}

TEST_F(DaemonControl, AnObserverSeesAndMayNotAct) {
  if (::geteuid() != 0) GTEST_SKIP() << "NEEDS ROOT to become another user; this was NOT tested";
  ASSERT_NO_FATAL_FAILURE(let_nobody_observe());
  const auto as_nobody = [&](const std::vector<std::string>& words) {
    std::vector<std::string> argv{shop.dir + "/backstopctl", "--socket", socket_path()};
    argv.insert(argv.end(), words.begin(), words.end());
    return run_program(argv, become_nobody);
  };
  EXPECT_EQ(as_nobody({"status"}).code, 0);
  const Ran act = as_nobody({"hold", "shop", "--for", "1m", "--reason", "x"});
  EXPECT_EQ(act.code, 4);
  EXPECT_THAT(act.err, HasSubstr("uid:65534(nobody): may not act (join group root)"));
  EXPECT_TRUE(service()["hold"].is_null());
}

TEST_F(DaemonControl, UnknownRoutesMethodsAndFieldsAreNamed) {
  Json e = refused("GET", "/v1/nonsense");
  EXPECT_EQ(e.dump(), R"({"code":"not_found","what":"/v1/nonsense","why":"does not exist",)"
                      R"("how":"see docs/control-api.md for the routes","status":404})");
  e = refused("POST", "/v1/nonsense", "{}");
  EXPECT_EQ(e.text("what") + " " + e.text("why"), "/v1/nonsense does not exist");
  e = refused("GET", "/v2/status");
  EXPECT_THAT(e.text("how"), HasSubstr("routes begin with /v1/"));
  e = refused("DELETE", "/v1/status");
  EXPECT_EQ(e.dump(), R"({"code":"invalid","what":"method DELETE","why":"is not served here",)"
                      R"("how":"use GET or POST","status":405})");
  e = refused("POST", "/v1/hold", R"({"service":"shop","for_s":60,"reason":"r","untill":5})");
  EXPECT_EQ(e["status"].dump(), "400");
  EXPECT_THAT(e.text("why"), HasSubstr("unknown field 'untill'; known are: "));
  EXPECT_THAT(e.text("why"), HasSubstr("for_s"));
  e = refused("POST", "/v1/hold", R"({"service":"shop","for_s":"long","reason":"r"})");
  EXPECT_EQ(e.text("why"), "'for_s' must be a number of seconds, at most a year");
  e = refused("POST", "/v1/deployments", R"({"service":"shop"})");
  EXPECT_EQ(e.text("why"), "'version' is missing");
  e = refused("POST", "/v1/deployments", "{\"service\": \"shop");
  EXPECT_EQ(e["status"].dump(), "400");
  EXPECT_THAT(e.text("why"), HasSubstr("is not JSON"));
  e = refused("GET", "/v1/deployments/D99");
  EXPECT_THAT(e.text("what") + " " + e.text("why") + " " + e.text("how"),
              testing::StrEq("deployment 'D99' does not exist `backstopctl deploy list` shows the ids"));
  e = refused("GET", "/v1/status?service=shopp");
  EXPECT_THAT(e.text("what") + " " + e.text("why") + " " + e.text("how"),
              testing::StrEq("service 'shopp' does not exist configured are: shop/test"));
}

TEST_F(DaemonControl, GarbageAndHalfRequestsAreCutOffWhileOthersAreServed) {
  std::string noise;
  for (int i = 0; i < 4096; ++i) noise += static_cast<char>(shop.random());
  RawClient garbage(socket_path()), text(socket_path()), half(socket_path());
  RawClient tls(metrics_port()), half_metrics(metrics_port()), control(metrics_port());
  garbage.send(noise + "\r\n\r\n");
  text.send("hello there\r\n\r\n");
  half.send("POST /v1/hold HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{\"service\":");
  tls.send(std::string("\x16\x03\x01\x02\x00\x01 not http", 15) + "\r\n\r\n");
  half_metrics.send("GET /metrics HTT");
  control.send("GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(ctl({"status"}).code, 0) << "while all are connected";
  EXPECT_THAT(metrics(), HasSubstr("HTTP/1.1 200"));
  EXPECT_TRUE(control.wait_for("404", 10000)) << "the control API is not served over TCP: " << control.received();
  EXPECT_THAT(control.received(), HasSubstr("try /metrics"));
  EXPECT_TRUE(garbage.wait_closed(15000));
  EXPECT_TRUE(text.wait_closed(15000));
  EXPECT_THAT(text.received(), Not(HasSubstr("200")));
  EXPECT_TRUE(tls.wait_closed(15000));
  EXPECT_TRUE(half.wait_closed(15000)) << "half a request and then silence ends after 10 s";
  EXPECT_TRUE(half_metrics.wait_closed(15000));
  EXPECT_TRUE(service()["hold"].is_null());
  expect_alive("garbage");
}

TEST_F(DaemonControl, HugeBodiesAndHeadersAreRefusedWithTheReason) {
  const std::string big(std::size_t{70} << 10, ' ');
  const auto answer = ask("POST", "/v1/hold", "{" + big + "}");
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(answer->status, 413);
  EXPECT_THAT(answer->body, HasSubstr("the body is too large: at most 65536 bytes"));
  RawClient declared(socket_path()), head(socket_path());
  declared.send("POST /v1/hold HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n");
  EXPECT_TRUE(declared.wait_for("413", 10000)) << declared.received();
  head.send("GET /v1/status HTTP/1.1\r\nHost: x\r\nX-Big: " + std::string(std::size_t{32} << 10, 'x') + "\r\n\r\n");
  EXPECT_TRUE(head.wait_for("431", 10000)) << head.received();
  const Json longer =
      refused("POST", "/v1/hold", R"({"service":"shop","for_s":60,"reason":")" + std::string(5000, 'r') + "\"}");
  EXPECT_EQ(longer.text("why"), "'reason' is longer than 4096 bytes");
  expect_alive("huge requests");
}

TEST_F(DaemonControl, TenThousandRequestsAreAnsweredOrRefusedAndItsMemoryStays) {
  RawClient client(socket_path());
  const std::string request = "GET /v1/incidents HTTP/1.1\r\nHost: x\r\n\r\n";
  const auto count = [&](const std::string& part) {
    std::size_t n = 0;
    for (auto at = client.received().find(part); at != std::string::npos; at = client.received().find(part, at + 1))
      ++n;
    return n;
  };
  std::size_t served = 0, refused_ones = 0;
  const auto ask_many = [&](int batches) {
    for (; batches > 0; --batches) {
      for (int i = 0; i < 100; ++i) client.send(request);
      if (!until([&] { return count("HTTP/1.1 200") + count("HTTP/1.1 429") == 100; })) return false;
      served += count("HTTP/1.1 200"), refused_ones += count("HTTP/1.1 429");
      client.forget_received();
    }
    return true;
  };
  ASSERT_TRUE(ask_many(5));
  EXPECT_EQ(served, 500U) << "the first are within the burst of root";
  const long before = memory_kib();
  ASSERT_TRUE(ask_many(100)) << client.received();
  EXPECT_EQ(served + refused_ones, 10500U);
  expect_memory_near(before);
  expect_alive("10,000 requests");
}

TEST_F(DaemonControl, AnObserverWhoAsksTooOftenIsToldSoAndOthersAreServed) {
  if (::geteuid() != 0) GTEST_SKIP() << "NEEDS ROOT to become another user; this was NOT tested";
  ASSERT_NO_FATAL_FAILURE(let_nobody_observe());
  const std::vector<std::string> look{shop.dir + "/backstopctl", "--socket", socket_path(), "status"};
  const pid_t abuser = ::fork(); // it asks as fast as it can, on one connection, until it is ended
  if (abuser == 0) {
    if (!become_nobody()) ::_exit(1);
    RawClient flood(socket_path());
    for (;;) {
      flood.send("GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n");
      flood.received();
      flood.forget_received();
    }
  }
  Ran refused_one;
  EXPECT_TRUE(until([&] {
    refused_one = run_program(look, become_nobody);
    return refused_one.code == 8;
  })) << "its user's commands are refused with it";
  EXPECT_EQ(refused_one.err,
            "backstopctl: the daemon refused the request: too many requests: at most 50 a second from one user "
            "(status 429; try again, or end other clients)\n");
  const auto become_another = [] {
    return ::setgroups(0, nullptr) == 0 && ::setgid(65534) == 0 && ::setuid(65533) == 0;
  };
  const Ran another = run_program(look, become_another);
  EXPECT_EQ(another.code, 0) << another.err;
  EXPECT_EQ(ctl({"hold", "shop", "--for", "1m", "--reason", "x"}).code, 0) << "root acts meanwhile";
  ::kill(abuser, SIGKILL);
  ::waitpid(abuser, nullptr, 0);
  EXPECT_TRUE(until([&] { return run_program(look, become_nobody).code == 0; })) << "it is let in again";
  expect_alive("an observer's flood");
}

TEST_F(DaemonControl, HalfOpenConnectionsAreCutAndTheirDescriptorsGivenBack) {
  const auto descriptors = [&] {
    const std::filesystem::directory_iterator fds("/proc/" + std::to_string(shop.daemon) + "/fd");
    return std::distance(begin(fds), end(fds));
  };
  ASSERT_TRUE(ready_to_deploy());
  auto before = descriptors();
  for (int i = 0; i < 20; ++i) { // the connection of a command before may only be about to go
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    before = std::min(before, descriptors());
  }
  std::vector<std::unique_ptr<RawClient>> half;
  for (int i = 0; i < 12; ++i) {
    half.push_back(i % 2 == 0 ? std::make_unique<RawClient>(socket_path())
                              : std::make_unique<RawClient>(metrics_port()));
    half.back()->send(i % 3 == 0 ? "" : "GET /v1/sta");
  }
  EXPECT_TRUE(until([&] { return descriptors() >= before + 12; })) << "all of them are connected";
  for (const auto& client : half) EXPECT_TRUE(client->wait_closed(20000));
  EXPECT_TRUE(until([&] { return descriptors() <= before; })) << descriptors() << " and before " << before;
}

TEST_F(DaemonControl, ManyConnectionsAtOnceAreBoundedAndAHoldStillGetsThrough) {
  const long before = memory_kib();
  std::vector<std::unique_ptr<RawClient>> crowd;
  for (int i = 0; i < 200; ++i) crowd.push_back(std::make_unique<RawClient>(socket_path()));
  std::size_t refused_ones = 0;
  EXPECT_TRUE(until([&] {
    refused_ones = 0;
    for (const auto& client : crowd)
      refused_ones += client->received().find("too many connections") != std::string::npos;
    return refused_ones >= 184;
  })) << refused_ones;
  EXPECT_EQ(refused_ones, 184U) << "16 connections of one user are kept";
  expect_memory_near(before);
  Ran full;
  EXPECT_TRUE(until([&] {
    full = ctl({"status"});
    return full.err.find("too many") != std::string::npos;
  })) << full.err;
  EXPECT_EQ(full.code, 8);
  EXPECT_EQ(full.err,
            "backstopctl: the daemon refused the request: too many connections (status 503; try again, or end "
            "other clients)\n");
  crowd.clear();
  EXPECT_TRUE(until([&] { return ctl({"hold", "shop", "--for", "1m", "--reason", "x"}).code == 0; }));
  expect_alive("200 connections");
}

TEST_F(DaemonControl, EventsArriveAndASlowReaderHarmsNobody) {
  RawClient reader(socket_path()), sleeper(socket_path());
  for (RawClient* client : {&reader, &sleeper}) client->send("GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(reader.wait_for(": backstopd event stream", 10000));
  const long before = memory_kib();
  const std::string reason(4000, 'r');
  const std::string hold = R"({"service":"shop","for_s":600,"reason":")" + reason + "\"}";
  for (int i = 0; i < 200; ++i) { // 2 MB of events that the sleeper does not read
    const auto answer = ask("POST", "/v1/hold", hold);
    ASSERT_TRUE(answer && answer->status == 200) << i;
    reader.received();
  }
  ASSERT_EQ(ctl({"unhold", "shop"}).code, 0);
  EXPECT_TRUE(reader.wait_for("event: hold_ended", 10000));
  EXPECT_THAT(reader.received(), AllOf(HasSubstr("event: hold_set"), HasSubstr("\"actor\":\"uid:")));
  expect_memory_near(before);
  EXPECT_TRUE(sleeper.wait_closed(20000)) << "who reads too slowly is cut off";
  EXPECT_THAT(sleeper.received(), Not(HasSubstr("event: hold_ended")));
  expect_alive("a slow reader");
}

TEST_F(DaemonControl, MetricsAreAValidExposition) {
  ASSERT_TRUE(until([&] { return metrics().find("backstop_reading{") != std::string::npos; }));
  const std::string page = metrics();
  EXPECT_THAT(page, AllOf(HasSubstr("HTTP/1.1 200"), HasSubstr("text/plain; version=0.0.4"),
                          HasSubstr("backstop_acts 1\n"), HasSubstr("backstop_source_up{")));
  write("page.txt", page.substr(page.find("\r\n\r\n") + 4));
  const Ran check = run_program({shop.bin + "/backstopctl", "check-metrics", shop.dir + "/page.txt"});
  EXPECT_EQ(check.code, 0) << check.out << check.err;
}

} // namespace
} // namespace backstop
