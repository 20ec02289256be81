#include "daemon/report/escape.hpp"
#include "tests/unit/report/material.hpp"
#include <gmock/gmock.h>
#include <set>

/// Names, reasons and outputs of others are text in every medium.
namespace backstop::report::test {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kHostile =
    "v2\"><script>alert(1)</script><img src=x onerror=alert(2)>'|`x`*b*[l](http://evil.example)\n# H\n"
    "- i\n```\n<!-- \x1b[31mred\x1b[0m @all \xE2\x80\xAE live www.evil.example &amp; \\";

/// The records, with the version and what steps print turned against who reads them.
Material against(Material material, const std::string& with) {
  for (Record& record : material.records) {
    std::string text = record.payload.dump();
    const std::string quoted = Json(with).dump();
    const std::string inside = quoted.substr(1, quoted.size() - 2);
    if (record.type != "deployment_requested") {
      for (std::size_t at = 0; (at = text.find("v2", at)) != std::string::npos; at += inside.size())
        text.replace(at, 2, inside);
    } else {
      text = record.payload.set("version", with).dump();
    }
    record.payload = *Json::parse(text);
    if (record.type == "step_ended") record.payload.set("output", with).set("detail", with);
    if (record.type == "incident_acknowledged") record.payload.set("comment", with);
    if (record.type == "level_changed" || record.type == "decision_made") record.payload.set("why", with);
    if (record.type == "incident_acknowledged") record.actor = "uid:1000(" + with + ")";
  }
  return material;
}

Material some_material() {
  Shop world;
  world.deploy_bad(8);
  world.command(Acknowledge{"I1", "on it", {}}, "uid:1001(ben)");
  world.mend(40);
  return material_of(world, "I1");
}

Document document_with(const Material& material) { return document_of(*report_of(material, frozen), at_utc); }

/// Names of elements, with the names of their attributes, that a page has.
std::set<std::string> elements_of(const std::string& html) {
  std::set<std::string> found;
  for (std::size_t at = html.find("</style>"); (at = html.find('<', at)) != std::string::npos; ++at) {
    std::string element;
    bool quoted = false;
    for (std::size_t i = at + 1; i < html.size() && (quoted || html[i] != '>'); ++i) {
      if (html[i] == '"') quoted = !quoted;
      if (!quoted && html[i] != '"') element += html[i];
    }
    found.insert(element);
  }
  return found;
}

TEST(HostileReport, NothingBecomesAnElementOfThePage) {
  const Material good = some_material();
  const std::string html = html_of(document_with(against(good, kHostile)));
  EXPECT_EQ(elements_of(html), elements_of(html_of(document_with(against(good, "v2-9")))));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;")) << "it is shown";
  for (const char* never : {"<script", "<img", "<!--", "\x1b", "\xE2\x80\xAE"})
    EXPECT_THAT(html, Not(HasSubstr(never)));
}

TEST(HostileReport, NothingIsFetchedOrRun) {
  const std::string html = html_of(document_with(some_material()));
  for (const char* never : {"<script", "src=", "href=", "url(", "@import", "<link", "<iframe", "onload"})
    EXPECT_THAT(html, Not(HasSubstr(never)));
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
}

/// What makes the structure of Markdown: how each line outside of fences begins, and the cells of each row.
std::string skeleton(const std::string& markdown) {
  std::string out;
  std::istringstream in(markdown);
  std::string fence;
  for (std::string line; std::getline(in, line);) {
    if (!fence.empty()) {
      if (line == fence) fence.clear();
      continue;
    }
    if (line.rfind("```", 0) == 0) {
      fence = line.substr(0, line.find_first_not_of('`'));
      out += "fence\n";
      continue;
    }
    out += line.substr(0, 2);
    for (std::size_t i = 0; i < line.size(); ++i)
      if (line[i] == '|' && (i == 0 || line[i - 1] != '\\')) out += '|';
    out += '\n';
  }
  return out;
}

TEST(HostileReport, NothingBecomesMarkdown) {
  const Material good = some_material();
  const std::string text = markdown_of(document_with(against(good, kHostile)));
  EXPECT_EQ(skeleton(text), skeleton(markdown_of(document_with(against(good, "v2-9")))));
  for (const char* never : {"\x1b", "\xE2\x80\xAE"}) EXPECT_THAT(text, Not(HasSubstr(never)));
  std::string outside; // of fenced blocks, where all is text
  std::istringstream in(text);
  std::string fence;
  for (std::string line; std::getline(in, line);) {
    if (fence.empty() && line.rfind("```", 0) == 0)
      fence = line.substr(0, line.find_first_not_of('`'));
    else if (!fence.empty() && line == fence)
      fence.clear();
    else if (fence.empty())
      outside += line + "\n";
  }
  for (const char* never : {"<script", "<img", "[l](", "http://evil", "www.evil", "@all", "*b*[l]"})
    EXPECT_THAT(outside, Not(HasSubstr(never)));
}

TEST(HostileReport, JsonReadsBack) {
  const Result<Report> report = report_of(against(some_material(), kHostile), frozen);
  ASSERT_TRUE(report);
  const Result<Json> back = Json::parse(json_of(*report).dump(2));
  ASSERT_TRUE(back);
  EXPECT_EQ((*back)["deployment"].text("version"), kHostile) << "as it was: JSON has no markup";
}

TEST(Escape, CharactersThatSteerAreReplaced) {
  EXPECT_EQ(cleaned("a\x1b[2Jb\r\x7f\x01"), "a\xEF\xBF\xBD[2Jb\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(cleaned("a\tb\nc"), "a b c");
  EXPECT_EQ(cleaned("a\nb", true), "a\nb");
  EXPECT_EQ(cleaned("\xE2\x81\xA6x\xC2\x9B"), "\xEF\xBF\xBDx\xEF\xBF\xBD");
  EXPECT_EQ(cleaned("\xC3\xA4\xF0\x9F\x98\x80"), "\xC3\xA4\xF0\x9F\x98\x80");
  EXPECT_EQ(cleaned("\xC0\xAF\xED\xA0\x80\xFF\xE2\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
                                                         "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(Escape, Markdown) {
  EXPECT_EQ(in_markdown("error_rate > 5%"), "error_rate > 5%");
  EXPECT_EQ(in_markdown("_x_ *y* `z`"), "\\_x\\_ \\*y\\* \\`z\\`");
  EXPECT_EQ(in_markdown("> 5%", true), "\\> 5%");
  EXPECT_EQ(in_markdown("1. x", true), "1\\. x");
  EXPECT_EQ(in_markdown("v1.2.3", true), "v1.2.3");
  EXPECT_EQ(in_markdown("1.2.3", true), "1.2.3");
  EXPECT_EQ(code_in_markdown("a`b"), "``a`b``");
  EXPECT_EQ(code_in_markdown("a|b"), "a\\|b");
  EXPECT_EQ(fenced_in_markdown("```\nx"), "````text\n```\nx\n````\n");
}

} // namespace
} // namespace backstop::report::test
