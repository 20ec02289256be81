#include "daemon/io/files.hpp"
#include "tests/fakes/temporary_directory.hpp"
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace backstop {
namespace {

unsigned mode_of(const std::string& path) {
  struct stat info {};
  EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
  return info.st_mode & 0777U;
}

TEST(EnsureParent, KeepsStrangersOutUnlessToldOtherwise) {
  const TemporaryDirectory directory;
  const std::string state = directory.path() + "/state", run = directory.path() + "/run";
  const mode_t before = ::umask(022);
  EXPECT_TRUE(ensure_parent(state + "/journal.db"));
  EXPECT_TRUE(ensure_parent(run + "/control.sock", 0755));
  ::umask(before);
  EXPECT_EQ(mode_of(state), 0750U);
  EXPECT_EQ(mode_of(run), 0755U);
}

TEST(EnsureParent, LeavesADirectoryThatIsThereAsItIs) {
  const TemporaryDirectory directory;
  const std::string run = directory.path() + "/run";
  ASSERT_EQ(::mkdir(run.c_str(), 0700), 0);
  EXPECT_TRUE(ensure_parent(run + "/control.sock", 0755));
  EXPECT_EQ(mode_of(run), 0700U);
}

} // namespace
} // namespace backstop
