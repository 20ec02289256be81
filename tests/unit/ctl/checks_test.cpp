#include "daemon/ctl/actions.hpp"
#include "tests/unit/ctl/golden.hpp"

/// check-config and check-metrics: what is printed where, and the exit code. Reads the golden files' inputs.
namespace backstop::ctl::test {
namespace {

std::string input(const std::string& name) { return source_dir() + "/tests/golden/ctl/" + name; }

/// Both streams, with the folder taken off the file names.
std::string both(const Said& said) {
  std::string text = "exit code " + std::to_string(said.exit_code) + "\n--- standard output\n" + said.out +
                     "--- standard error\n" + said.err;
  const std::string folder = source_dir() + "/tests/golden/ctl/";
  for (std::size_t at = text.find(folder); at != std::string::npos; at = text.find(folder))
    text.erase(at, folder.size());
  return text;
}

TEST(CheckConfig, Good) {
  const Said said = run_check_config({}, {"", {input("shop.yaml")}});
  EXPECT_EQ(said.exit_code, kDone);
  expect_golden("check_config_good", both(said), 260);
}

TEST(CheckConfig, EveryFaultWithItsPlace) {
  const Said said = run_check_config({}, {"", {input("shop_with_faults.yaml"), input("not_there.yaml")}});
  EXPECT_EQ(said.exit_code, kInputError);
  EXPECT_EQ(said.out, "");
  expect_golden("check_config_faults", both(said), 260);
}

TEST(CheckConfig, Json) {
  Invocation invocation;
  invocation.json = true;
  const Said bad = run_check_config(invocation, {"", {input("shop_with_faults.yaml")}});
  EXPECT_EQ(bad.exit_code, kInputError);
  EXPECT_EQ(bad.err, "");
  const Result<Json> document = Json::parse(bad.out);
  ASSERT_TRUE(document);
  EXPECT_FALSE(document->flag("ok"));
  ASSERT_FALSE((*document)["faults"].as_array()->empty());
  EXPECT_EQ((*document)["faults"].as_array()->front().integer("line"), 2);
  EXPECT_EQ(run_check_config(invocation, {"", {input("shop.yaml")}}).exit_code, kDone);
}

TEST(CheckMetrics, ValidAndNot) {
  const Said good = run_check_metrics({}, {input("metrics.txt"), false});
  EXPECT_EQ(good.exit_code, kDone);
  EXPECT_EQ(good.out, "valid: 1 families, 2 samples\n");
  const Said bad = run_check_metrics({}, {input("metrics_broken.txt"), false});
  EXPECT_EQ(bad.exit_code, kInputError);
  expect_golden("check_metrics_broken", both(bad));
  EXPECT_EQ(run_check_metrics({}, {input("not_there.txt"), false}).exit_code, kInputError);
}

TEST(Offline, AJournalThatIsNotThere) {
  const Said said = run_offline({}, {Page::status, "", input("not_there.db")});
  EXPECT_EQ(said.exit_code, kInputError);
  EXPECT_EQ(said.out, "");
  EXPECT_EQ(said.err.rfind("backstopctl: ", 0), 0U) << said.err;
}

} // namespace
} // namespace backstop::ctl::test
