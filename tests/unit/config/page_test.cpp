#include "daemon/config/read.hpp"
#include "daemon/config/show.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// `page` of backstop.yaml.
namespace backstop::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

LoadOutcome load_page(const std::string& page) {
  Files files;
  files.read = [page](const std::string&) -> Result<std::string> {
    return "services: none/*.yaml\npage: " + page + "\n";
  };
  files.glob = [](const std::string&) { return Result<std::vector<std::string>>(std::vector<std::string>{}); };
  files.sha256 = [](std::string_view) { return std::string("hash"); };
  return load("/etc/main.yaml", files);
}

std::string fault_of(const std::string& page) {
  const LoadOutcome outcome = load_page(page);
  return outcome.faults.size() == 1 ? text_of(outcome.faults[0]) : std::to_string(outcome.faults.size()) + " faults";
}

TEST(PageConfig, EverythingIsRead) {
  const LoadOutcome outcome = load_page("{listen: \"127.0.0.1:9478\", read: token, hosts: [ops.example], tokens: "
                                        "{ana: {token: {credential: ana}, roles: [devops]}, bob: {token: {file: /b}, "
                                        "rights: see}}}");
  ASSERT_TRUE(outcome.faults.empty()) << text_of(outcome.faults[0]);
  const Page& page = outcome.config.daemon.page;
  EXPECT_EQ(page.listen, "127.0.0.1:9478");
  EXPECT_TRUE(page.read_by_token);
  EXPECT_THAT(page.hosts, ElementsAre("ops.example"));
  ASSERT_EQ(page.tokens.size(), 2U);
  EXPECT_EQ(page.tokens[0].token.credential, "ana");
  EXPECT_TRUE(page.tokens[0].may_act);
  EXPECT_THAT(page.tokens[0].roles, ElementsAre("devops"));
  EXPECT_FALSE(page.tokens[1].may_act);
  const std::string shown = show_daemon(outcome.config.daemon);
  EXPECT_THAT(shown, HasSubstr("127.0.0.1:9478, read with a token, known as ops.example"));
  EXPECT_THAT(shown, HasSubstr("ana, may act, signs as devops, token from credential ana"));
}

TEST(PageConfig, WithoutTheSectionThereIsNoListener) {
  EXPECT_EQ(Daemon{}.page.listen, "");
  EXPECT_EQ(load_page("{listen: none}").config.daemon.page.listen, "");
}

TEST(PageConfig, OnlyTheLoopbackInterfaceIsTaken) {
  for (const char* listen : {"127.0.0.1:0", "[::1]:9478", "localhost:9478"})
    EXPECT_TRUE(load_page(std::string("{listen: \"") + listen + "\"}").faults.empty()) << listen;
  for (const char* listen :
       {"0.0.0.0:9478", "192.168.1.5:9478", "[::]:9478", "ops.example:9478", "127.ops.example:9478"})
    EXPECT_THAT(fault_of(std::string("{listen: \"") + listen + "\"}"), HasSubstr("can be reached from other hosts"))
        << listen;
  for (const char* listen : {"9478", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:x"})
    EXPECT_THAT(fault_of(std::string("{listen: \"") + listen + "\"}"), HasSubstr("is no address")) << listen;
}

TEST(PageConfig, ATokenStandsNowhereInTheFile) {
  EXPECT_THAT(fault_of("{listen: none, tokens: {ana: {token: abcdefghijklmnopqrstuvwxyz}}}"),
              HasSubstr("page.tokens.ana.token"));
  EXPECT_THAT(fault_of("{listen: none, hosts: [\"http://ops.example/\"]}"), HasSubstr("is no name of a host"));
}

} // namespace
} // namespace backstop::config
