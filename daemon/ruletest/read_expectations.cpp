#include "daemon/config/text_check.hpp"
#include "daemon/ruletest/fields.hpp"
#include "daemon/ruletest/read_parts.hpp"
#include <algorithm>
#include <optional>

namespace backstop::ruletest {
namespace {

using config::Node;

const std::vector<std::string_view> kDecisions{"RollBack", "KeepWatching", "Accept", "Undecided"};
const std::vector<std::string_view> kStatuses{"enforced", "observed", "held", "awaiting_confirmation",
                                              "blocked",  "declined"};

class Reader {
public:
  Reader(config::Sheet& sheet, const std::vector<std::string>& rules)
      : sheet_(sheet), rules_(rules.begin(), rules.end()) {}

  std::optional<Expectation> read(const Node& node) {
    const std::size_t before = sheet_.faults.size();
    const Fields fields(sheet_, node, "an expectation",
                        {"at", "by", "never", "level", "decision", "status", "rules", "notice"});
    if (sheet_.faults.size() > before) return std::nullopt;
    Expectation e;
    e.place = node.place;
    read_time(fields, node, e);
    read_kind(fields, node, e);
    if (sheet_.faults.size() > before) return std::nullopt;
    return e;
  }

private:
  void read_time(const Fields& fields, const Node& node, Expectation& e) {
    const int times = (fields.find("at") ? 1 : 0) + (fields.find("by") ? 1 : 0) + (fields.find("never") ? 1 : 0);
    if (times != 1)
      return sheet_.fault(node.place, times == 0 ? "it does not say when" : "it says more than one time",
                          "write at: 33m (it holds then), by: 33m (it has happened until then), or never: RollBack");
    if (fields.find("never")) {
      e.when = Expectation::When::never;
      return;
    }
    e.when = fields.find("by") ? Expectation::When::by : Expectation::When::at;
    e.time = fields.duration(fields.find("by") ? "by" : "at").value_or(Duration{});
  }

  void read_kind(const Fields& fields, const Node& node, Expectation& e) {
    const bool never = e.when == Expectation::When::never;
    const int kinds =
        (fields.find("level") ? 1 : 0) + (fields.find("decision") || never ? 1 : 0) + (fields.find("notice") ? 1 : 0);
    if (kinds != 1 || (never && fields.find("decision")))
      return sheet_.fault(node.place,
                          kinds == 0 ? "it does not say what is expected" : "it expects more than one thing",
                          "write one of level: {RULE: critical}, decision: RollBack, never: RollBack, notice: TEXT");
    if (fields.find("level")) return read_levels(*fields.find("level"), e);
    if (fields.find("notice")) {
      e.kind = Expectation::Kind::notice;
      if (e.when == Expectation::When::at)
        sheet_.fault(node.place, "a notice is sent once", "write by: instead of at:");
      e.word = fields.text("notice").value_or("");
    } else {
      e.kind = Expectation::Kind::decision;
      e.word = word(fields, never ? "never" : "decision", kDecisions, "decisions");
    }
    if (fields.find("status")) e.status = word(fields, "status", kStatuses, "statuses");
    if (const Node* rules = fields.find("rules")) {
      for (const Node& item : config::items_of(sheet_, *rules, "rules")) {
        if (const auto name = config::scalar_of(sheet_, item, "rules"); name && known_rule(item.place, *name))
          e.rules.push_back(*name);
      }
    }
    if ((fields.find("status") || fields.find("rules")) && e.word != "RollBack")
      sheet_.fault(node.place, "status and rules are those of a RollBack", "leave them out");
  }

  void read_levels(const Node& node, Expectation& e) {
    static const std::vector<std::string_view> kLevels{"normal", "alert", "critical"};
    if (node.kind != Node::Kind::mapping || node.entries.empty())
      return sheet_.fault(node.place, "level: rules with their levels are wanted",
                          "write level: {error_rate: critical}");
    for (const config::Entry& entry : node.entries) {
      const auto text = config::scalar_of(sheet_, entry.value, "level");
      if (!known_rule(entry.key.place, entry.key.text) || !text) continue;
      const auto found = std::find(kLevels.begin(), kLevels.end(), *text);
      if (found == kLevels.end())
        sheet_.fault(entry.value.place, "\"" + config::shortened(*text) + "\" is no level",
                     config::suggestion(*text, kLevels, "levels"));
      else
        e.levels.emplace_back(entry.key.text, static_cast<Level>(found - kLevels.begin()));
    }
  }

  std::string word(const Fields& fields, const char* key, const std::vector<std::string_view>& known,
                   const char* things) {
    const auto text = fields.text(key);
    if (!text) return "";
    if (std::find(known.begin(), known.end(), *text) == known.end())
      sheet_.fault(fields.find(key)->place, std::string(key) + ": \"" + config::shortened(*text) + "\" is unknown",
                   config::suggestion(*text, known, things));
    return *text;
  }

  bool known_rule(config::Place place, const std::string& name) {
    if (std::find(rules_.begin(), rules_.end(), name) != rules_.end()) return true;
    sheet_.fault(place, "there is no rule \"" + config::shortened(name) + "\"",
                 config::suggestion(name, rules_, "rules"));
    return false;
  }

  config::Sheet& sheet_;
  std::vector<std::string_view> rules_;
};

} // namespace

void read_expectations(config::Sheet& sheet, const Node& node, const std::vector<std::string>& rules, Test& test) {
  Reader reader(sheet, rules);
  const std::size_t before = sheet.faults.size();
  for (const Node& item : config::items_of(sheet, node, "expect")) {
    if (auto e = reader.read(item)) test.expect.push_back(*std::move(e));
  }
  if (test.expect.empty() && sheet.faults.size() == before)
    sheet.fault(node.place, "expect: nothing is expected", "write {by: 33m, decision: RollBack} or {never: RollBack}");
}

} // namespace backstop::ruletest
