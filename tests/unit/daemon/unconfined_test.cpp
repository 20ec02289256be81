#include "tests/unit/daemon/shop_world.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// What is asked for and cannot be enforced is said: in the log at start and reload, and in what status shows.
namespace backstop {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

ShopConfig with(const std::string& keys) {
  ShopConfig config;
  config.steps.insert(config.steps.find("timeout: 30s, check"), keys);
  return config;
}

/// As steps run where backstop-runner starts them.
class ConfiningRunner final : public StepRunner {
public:
  explicit ConfiningRunner(StepRunner& inner) : inner_(inner) {}
  Status start(const StepKey& key, const StepCommand& command) override { return inner_.start(key, command); }
  Seen adopt(const StepKey& key) override { return inner_.adopt(key); }
  void cancel(const StepKey& key) override { inner_.cancel(key); }
  void forget(const StepKey& key) override { inner_.forget(key); }
  [[nodiscard]] std::string_view runs_as() const override { return "systemd units"; }
  [[nodiscard]] bool confines() const override { return true; }

private:
  StepRunner& inner_;
};

const auto kWarning =
    AllOf(HasSubstr("not enforced"), HasSubstr("child processes"), HasSubstr("shop/production execute"));

TEST(Unconfined, IsSaidAtStartAndAtReload) {
  AppWorld w({with("sandbox: standard, ").text()});
  w.start();
  EXPECT_THAT(w.app->unconfined_steps(), ElementsAre("shop/production execute"));
  EXPECT_THAT(w.log.lines, Contains(kWarning));
  w.log.lines.clear();
  w.replace_config({with("limits: {memory: 1 GiB}, ").text()});
  EXPECT_THAT(w.log.lines, Contains(kWarning));
  w.log.lines.clear();
  w.replace_config({ShopConfig().text()});
  EXPECT_THAT(w.app->unconfined_steps(), IsEmpty());
  EXPECT_THAT(w.log.lines, Not(Contains(HasSubstr("not enforced"))));
}

TEST(Unconfined, NothingIsSaidWhereStepsRunAsUnits) {
  AppWorld w({with("sandbox: standard, ").text()});
  ConfiningRunner units(w.steps);
  w.runner = &units;
  w.start();
  EXPECT_THAT(w.app->unconfined_steps(), IsEmpty());
  EXPECT_THAT(w.log.lines, Not(Contains(HasSubstr("not enforced"))));
}

} // namespace
} // namespace backstop
