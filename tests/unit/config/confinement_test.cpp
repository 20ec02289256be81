#include "daemon/config/show.hpp"
#include "tests/unit/config/helpers.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// limits, sandbox and writable of a step: how they are written, what makes no sense, what check-config prints.
namespace backstop::config::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

/// A service with one run step of these keys; `more` are keys of the service.
std::string with_step(const std::string& keys, const std::string& argv = "/opt/x", const std::string& more = "") {
  return "service: a\nmode: observe\nindicators: {}\nsources: {}\n" + more +
         "procedures: {rollback: [{name: execute, kind: run, on_unknown: rerun, argv: [" + argv + "], " + keys +
         "}]}\n";
}

Confinement confinement_of(const std::string& keys) {
  const auto outcome = load_service(with_step(keys), "f");
  EXPECT_EQ(show_faults(outcome.faults), "");
  return std::get<RunStep>(outcome.service.rollback.at(0).kind).confinement;
}

TEST(Confinement, IsReadInItsUnits) {
  const Confinement read = confinement_of("limits: {memory: 512MiB, tasks: 100, cpu: 12.5%, open_files: 1024}, "
                                          "sandbox: strict, writable: [/srv/shop, /var/lib/shop]");
  EXPECT_EQ(read.memory, std::uint64_t{512} << 20);
  EXPECT_EQ(read.tasks, 100U);
  EXPECT_EQ(read.cpu, 12.5);
  EXPECT_EQ(read.open_files, 1024U);
  EXPECT_EQ(read.sandbox, Sandbox::strict);
  EXPECT_THAT(read.writable, ElementsAre("/srv/shop", "/var/lib/shop"));
  EXPECT_FALSE(read.none());
}

TEST(Confinement, OfAStepThatAsksForNoneIsNone) {
  EXPECT_TRUE(confinement_of("timeout: 5s").none());
  EXPECT_TRUE(confinement_of("sandbox: none, limits: {}").none());
  EXPECT_FALSE(confinement_of("limits: {tasks: 10}").none());
}

TEST(Confinement, WhatIsNoLimitIsRefusedWithTheLeast) {
  EXPECT_THAT(faults_of(with_step("limits: {memory: 512}")), HasSubstr("limits.memory: \"512\" has no unit"));
  EXPECT_THAT(faults_of(with_step("limits: {memory: 1 MiB}")), HasSubstr("1 MiB is too small (at least 16 MiB)"));
  EXPECT_THAT(faults_of(with_step("limits: {tasks: 9}")), HasSubstr("limits.tasks: 9 is out of range (from 10"));
  EXPECT_THAT(faults_of(with_step("limits: {cpu: 50}")), HasSubstr("\"50\" is no percentage (write it like 50%)"));
  EXPECT_THAT(faults_of(with_step("limits: {cpu: 0%}")), HasSubstr("100% is one core"));
  EXPECT_THAT(faults_of(with_step("limits: {open_files: 1.5}")), HasSubstr("limits.open_files"));
  EXPECT_THAT(faults_of(with_step("sandbox: tight")), HasSubstr("none, standard, strict"));
}

TEST(Confinement, WritablePathsBelongToAStrictSandbox) {
  EXPECT_THAT(faults_of(with_step("writable: [/srv]")), HasSubstr("add sandbox: strict"));
  EXPECT_THAT(faults_of(with_step("sandbox: standard, writable: [/srv]")), HasSubstr("add sandbox: strict"));
  for (const char* path : {"srv", "/", "/srv/", "/srv/../etc", "//srv", "/srv/.", "-/srv"})
    EXPECT_THAT(faults_of(with_step("sandbox: strict, writable: [\"" + std::string(path) + "\"]")),
                HasSubstr("writable[0]: \"" + std::string(path) + "\" is no plain absolute path"));
}

TEST(Confinement, WhatASandboxHidesCannotBeUsedInIt) {
  const auto faults = [](const std::string& sandbox, const std::string& argv) {
    return faults_of(with_step("sandbox: " + sandbox, argv));
  };
  EXPECT_THAT(faults("standard", "/tmp/deploy"), AllOf(HasSubstr("argv[0]"), HasSubstr("the step's own")));
  EXPECT_EQ(faults("standard", "/home/deploy/bin/go"), "");
  EXPECT_THAT(faults("strict", "/home/deploy/bin/go"), HasSubstr("hides /home"));
  EXPECT_EQ(faults("strict", "/homely/go"), "");
  EXPECT_EQ(faults("none", "/tmp/deploy"), "");
  EXPECT_THAT(faults_of(with_step("sandbox: strict, check: {argv: [/home/deploy/is-at]}")), HasSubstr("check.argv[0]"));
  EXPECT_THAT(faults_of(with_step("sandbox: strict, preflight: {argv: [/var/tmp/p]}")), HasSubstr("preflight.argv[0]"));
  EXPECT_THAT(faults_of(with_step("sandbox: strict, writable: [/home/deploy]")), HasSubstr("writable[0]"));
}

TEST(Confinement, ALockThatNobodyElseSeesIsRefused) {
  EXPECT_THAT(faults_of(with_step("sandbox: standard", "/opt/x", "deploy_lock: /tmp/shop.lock\n")),
              AllOf(HasSubstr("would lock nobody out"), HasSubstr("/run/lock")));
  EXPECT_EQ(faults_of(with_step("sandbox: strict", "/opt/x", "deploy_lock: /run/lock/shop.lock\n")), "");
}

TEST(Confinement, IsShown) {
  const auto outcome = load_service(
      with_step("limits: {memory: 1 GiB, tasks: 100, cpu: 50%, open_files: 64}, sandbox: strict, writable: [/srv]"),
      "f");
  const std::string shown = show_service(outcome.service);
  for (const char* words : {"memory at most 1 GiB", "at most 100 tasks", "cpu at most 50%", "at most 64 open files",
                            "sandbox strict", "writable /srv"})
    EXPECT_THAT(shown, HasSubstr(words));
}

} // namespace
} // namespace backstop::config::test
