#include "daemon/io/start_pages.hpp"
#include <gtest/gtest.h>
#include <string>

namespace backstop {
namespace {

int g_written = 7; // beside read-only data of the same file

TEST(StartPages, WhatWasReadComesAgainAndWhatWasWrittenStays) {
  g_written = 8;
  const std::string before = "as it was";
  EXPECT_GT(give_back_start_pages(), std::size_t{64} << 10);
  EXPECT_EQ(g_written, 8);
  EXPECT_EQ(before + "!", "as it was!"); // code and constants are there when they are wanted
  EXPECT_GT(give_back_start_pages(), 0U);
}

} // namespace
} // namespace backstop
