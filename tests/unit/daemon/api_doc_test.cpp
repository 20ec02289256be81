#include "daemon/api.hpp"
#include "daemon/api_commands.hpp"
#include "shop_config.hpp"
#include "tests/fakes/app_world.hpp"
#include <fstream>
#include <gtest/gtest.h>
#include <regex>
#include <set>
#include <sstream>

/// docs/control-api.md lists every route with its fields, required ones in bold, and every member of the documents.
namespace backstop {
namespace {

std::string page() {
  std::ifstream file(std::string(BACKSTOP_SOURCE_DIR) + "/docs/control-api.md");
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> matches(const std::string& text, const std::string& pattern) {
  std::vector<std::string> out;
  const std::regex regex(pattern);
  for (auto it = std::sregex_iterator(text.begin(), text.end(), regex); it != std::sregex_iterator(); ++it)
    out.push_back((*it)[1]);
  return out;
}

/// The rows of the table under "## heading": [routes, second cell].
std::vector<std::pair<std::string, std::string>> rows_under(const std::string& heading) {
  const std::string text = page();
  const std::size_t from = text.find("\n## " + heading + "\n");
  std::istringstream lines(text.substr(from + 4, text.find("\n## ", from + 4) - from));
  std::vector<std::pair<std::string, std::string>> rows;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("| `/", 0) != 0) continue;
    std::istringstream cells(line.substr(1));
    std::string routes, fields;
    std::getline(cells, routes, '|'), std::getline(cells, fields, '|');
    rows.emplace_back(routes, fields);
  }
  return rows;
}

/// "`/v1/rollback`, `/v1/accept`" → both; "`/v1/x/confirm`, `…/decline`" → /v1/x/decline too; ID is I1.
std::vector<std::string> routes_of(const std::string& cell) {
  std::vector<std::string> routes;
  for (std::string route : matches(cell, "`((?:/v1|…/)[^`?]*)`")) {
    if (route.rfind("…", 0) == 0) {
      const std::string& before = routes.back();
      route = before.substr(0, before.rfind('/')) + route.substr(std::string("…").size());
    }
    routes.push_back(std::regex_replace(route, std::regex("/ID"), "/I1"));
  }
  return routes;
}

Json value_of(const std::string& field) {
  static const std::set<std::string> numbers{"for_s"},
      flags{"all", "irreversible", "done_by_hand", "channels", "request", "all_items"}, lists{"components", "items"};
  if (numbers.contains(field)) return 60;
  if (flags.contains(field)) return false;
  if (lists.contains(field)) return Json::array();
  return field == "type" ? "hotfix" : field == "mode" ? "auto" : "x";
}

Json body_of(const std::vector<std::string>& fields) {
  Json body = Json::object();
  for (const std::string& field : fields) body.set(field, value_of(field));
  return body;
}

TEST(ControlApiPage, EveryCommandTakesTheFieldsThatItListsAndNoOther) {
  int routes = 0;
  for (const auto& [cell, fields] : rows_under("POST")) {
    const std::string plain = std::regex_replace(fields, std::regex("\\([^)]*\\)|\\*\\*"), "");
    std::vector<std::string> listed = matches(plain, "([a-z_]+)");
    std::erase(listed, "or");
    const std::vector<std::string> required = matches(fields, "\\*\\*([a-z_]+)\\*\\*");
    for (const std::string& route : routes_of(cell)) {
      ++routes;
      // No commands: a reload is read by the daemon around the App, a test of a channel waits for its other side.
      if (route == "/v1/reload" || route == "/v1/channels/NAME/test") continue;
      std::vector<std::string> allowed = listed;
      if (route == "/v1/unlock") std::erase(allowed, "done_by_hand"); // excludes retry_from
      const Result<Command> all = command_of(route, body_of(allowed));
      EXPECT_TRUE(all) << route << ": " << (all ? "" : all.error().what);
      for (const std::string& missing : required) {
        std::vector<std::string> rest = allowed;
        std::erase(rest, missing);
        const Result<Command> without = command_of(route, body_of(rest));
        ASSERT_FALSE(without) << route << " without " << missing;
        EXPECT_EQ(without.error().what, "'" + missing + "' is missing");
      }
      const Result<Command> more = command_of(route, body_of(allowed).set("zzz", 1));
      ASSERT_FALSE(more) << route;
      const std::string known = more.error().what.substr(more.error().what.find("known are: ") + 11);
      std::set<std::string> in_code;
      for (const std::string& name : matches(known, "([a-z_]+)")) in_code.insert(name);
      in_code.erase("none");
      EXPECT_EQ(in_code, std::set<std::string>(listed.begin(), listed.end())) << route;
    }
  }
  EXPECT_EQ(routes, 26);
}

/// Words of a paragraph that begins "`name`: a, b (c, d), e." where no bracket is looked into.
std::set<std::string> members_listed(const std::string& name) {
  const std::string text = page();
  const std::size_t from = text.find("\n`" + name + "`: ") + name.size() + 5;
  std::string paragraph = text.substr(from, text.find("\n\n", from) - from);
  paragraph =
      std::regex_replace(paragraph, std::regex("\\([^)]*\\)|with\\s+a\\s+deployment|during\\s+a\\s+verification"), " ");
  std::set<std::string> members;
  for (const std::string& word : matches(paragraph, "([a-z_]+)")) members.insert(word);
  return members;
}

std::set<std::string> members_of(const Json& document) {
  std::set<std::string> members;
  if (document.as_object())
    for (const auto& [name, value] : *document.as_object()) members.insert(name);
  return members;
}

/// A shop whose v2 fails: rolled back, and being verified.
class ControlApiDocuments : public ::testing::Test {
protected:
  ControlApiDocuments() {
    world_.start();
    world_.run(70);
    world_.adopt("shop", "v1");
    world_.run(1);
    id_ = world_.deploy("shop", "v2");
    world_.run(3);
    world_.shops["shop/production"].error_share = 0.3;
    world_.run_until([&] { return world_.ran("/bin/execute") > 0; }, 60);
    world_.run(1);
    api_ = std::make_unique<Api>(*world_.app, [] { return std::vector<std::string>{}; });
  }
  Json get(const std::string& path) {
    Json body;
    api_->handle({"GET", path, {}, "", {"uid:0(root)", true, true}}, world_.now,
                 [&](const ApiReply& r) { body = r.body; });
    return body;
  }
  AppWorld world_{{ShopConfig{}.text()}};
  std::string id_;
  std::unique_ptr<Api> api_;
};

TEST_F(ControlApiDocuments, EveryListedRouteIsServed) {
  int routes = 0;
  for (const auto& [cell, answer] : rows_under("GET")) {
    for (std::string route : routes_of(cell)) {
      if (route == "/v1/events") continue; // a stream, served by the socket's own code
      route = std::regex_replace(route, std::regex("SERVICE"), "shop/production");
      if (route.find("/deployments/") != std::string::npos) route = std::regex_replace(route, std::regex("I1"), id_);
      ++routes;
      EXPECT_TRUE(get(route)["error"].is_null()) << route << get(route).dump();
    }
  }
  EXPECT_EQ(routes, 13);
}

TEST_F(ControlApiDocuments, EveryMemberIsListedAndThere) {
  const Json shown = get("/v1/deployments/" + id_);
  EXPECT_EQ(members_of(shown["deployment"]), members_listed("deployment"));
  EXPECT_EQ(members_of(shown["service"]), members_listed("service"));
  EXPECT_EQ(members_of(get("/v1/incidents/I1")["incident"]), members_listed("incident"));
}

} // namespace
} // namespace backstop
