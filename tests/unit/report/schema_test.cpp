#include "tests/unit/report/material.hpp"
#include <algorithm>

/// packaging/schema/report.schema.json says what reports in JSON have, and nothing else.
namespace backstop::report::test {
namespace {

/// What of JSON Schema the file uses. Anything else in it is a fault.
class Schema {
public:
  explicit Schema(Json document) : document_(std::move(document)) {}
  std::vector<std::string> faults(const Json& value) {
    faults_.clear();
    check(document_, value, "$");
    return faults_;
  }

private:
  void fault(const std::string& where, const std::string& what) { faults_.push_back(where + ": " + what); }
  static std::string type_of(const Json& v) {
    double number = 0;
    if (v.is_null()) return "null";
    if (v.as_bool()) return "boolean";
    if (v.as_int()) return "integer";
    if (v.as_number(number)) return "number";
    if (v.as_string()) return "string";
    return v.as_array() ? "array" : "object";
  }
  static bool is(const Json& wanted, const std::string& type) {
    return wanted.as_string() &&
           (*wanted.as_string() == type || (*wanted.as_string() == "number" && type == "integer"));
  }
  bool fits(const Json& schema, const Json& value) {
    const std::size_t before = faults_.size();
    check(schema, value, "");
    const bool good = faults_.size() == before;
    faults_.resize(before);
    return good;
  }
  void check(const Json& schema, const Json& value, const std::string& where) {
    if (const std::string ref = schema.text("$ref"); !ref.empty())
      return check(document_["$defs"][ref.substr(std::string("#/$defs/").size())], value, where);
    if (const Json::Array* any = schema["anyOf"].as_array()) {
      if (std::none_of(any->begin(), any->end(), [&](const Json& s) { return fits(s, value); }))
        fault(where, "fits none");
      return;
    }
    const std::string type = type_of(value);
    const Json& wanted = schema["type"];
    const Json::Array* types = wanted.as_array();
    if (types ? std::none_of(types->begin(), types->end(), [&](const Json& t) { return is(t, type); })
              : !is(wanted, type))
      return fault(where, "is " + type + ", wanted " + wanted.dump());
    if (const Json::Array* words = schema["enum"].as_array();
        words && std::find(words->begin(), words->end(), value) == words->end())
      fault(where, value.dump() + " is none of " + schema["enum"].dump());
    if (const Json::Object* members = value.as_object()) check_members(schema, *members, where);
    if (const Json::Array* items = value.as_array())
      for (std::size_t i = 0; i < items->size(); ++i)
        check(schema["items"], (*items)[i], where + "[" + std::to_string(i) + "]");
  }
  void check_members(const Json& schema, const Json::Object& members, const std::string& where) {
    if (schema["properties"].is_null()) return; // described elsewhere
    for (const auto& [name, member] : members) {
      const Json& of = schema["properties"][name];
      of.is_null() ? fault(where, "'" + name + "' is not described") : check(of, member, where + "." + name);
    }
    for (const Json& name : *schema["required"].as_array())
      if (std::none_of(members.begin(), members.end(), [&](const auto& m) { return m.first == *name.as_string(); }))
        fault(where, "'" + *name.as_string() + "' is missing");
  }

  Json document_;
  std::vector<std::string> faults_;
};

Schema the_schema() {
  const Result<Json> document =
      Json::parse(slurp(std::string(BACKSTOP_SOURCE_DIR) + "/packaging/schema/report.schema.json"));
  EXPECT_TRUE(document) << document.error().what;
  return Schema(*document);
}

Json parsed(const Report& report) { return *Json::parse(json_of(report).dump(2)); }

TEST(ReportSchema, AllKindsOfReportsFitIt) {
  Schema schema = the_schema();
  const std::vector<std::string> none;
  {
    Shop world;
    world.deploy("shop", "v2");
    world.run(10);
    EXPECT_EQ(schema.faults(parsed(report_on(world, "D1"))), none) << "under way";
    world.run(60);
    EXPECT_EQ(schema.faults(parsed(report_on(world, "D1"))), none) << "kept";
  }
  ShopConfig config;
  config.extra = "criteria: [{name: twice, for: 5s, all: [{indicator: error_rate, critical: \"> 20%\"}]}]\n";
  Shop world(config);
  world.deploy_bad(8);
  EXPECT_EQ(schema.faults(parsed(report_on(world, "I1"))), none) << "being rolled back";
  world.command(Acknowledge{"I1", "on it", {}}, "uid:1001(ben)");
  world.mend(40);
  EXPECT_EQ(schema.faults(parsed(report_on(world, "I1"))), none) << "rolled back";
  EXPECT_EQ(schema.faults(parsed(report_on(world, "D1", false))), none) << "without samples";
}

TEST(ReportSchema, WhatDoesNotFitIsFound) {
  Shop world;
  world.deploy_bad(8);
  Schema schema = the_schema();
  const Json good = parsed(report_on(world, "I1"));
  EXPECT_EQ(schema.faults(Json(good).set("more", 1)).size(), 1U);
  EXPECT_EQ(schema.faults(Json(good).set("headline", 1)).size(), 1U);
  EXPECT_EQ(schema.faults(Json(good).set("report", "else")).size(), 1U);
  EXPECT_EQ(schema.faults(Json(good).set("deployment", Json::object())).size(), 19U) << "each member is missed";
}

} // namespace
} // namespace backstop::report::test
