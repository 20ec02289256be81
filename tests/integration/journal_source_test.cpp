#include "daemon/io/journal_lines.hpp"
#include "tests/fakes/temporary_directory.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// Log lines of units where the host's journal cannot be read. With a real journald: tests/system.
namespace backstop {
namespace {

using testing::HasSubstr;

TEST(JournalSource, AJournalThatCannotBeReadIsAFailedReadAndNotASilentOne) {
  const auto loop = *EventLoop::create();
  const TemporaryDirectory directory;
  for (const std::string& place : {directory.path(), directory.path() + "/none"}) {
    const auto probe = journal_lines(*loop, "shop.service", std::chrono::seconds(1), place);
    for (int read = 0; read < 2; ++read) {
      std::optional<Result<ProbeAnswer>> got;
      probe->start([&](Result<ProbeAnswer> answer) { got = std::move(answer); });
      ASSERT_TRUE(got);
      ASSERT_FALSE(*got) << place;
      EXPECT_THAT(got->error().what, testing::AnyOf(HasSubstr("systemd-journal"), HasSubstr("no such file"))) << place;
    }
  }
}

} // namespace
} // namespace backstop
