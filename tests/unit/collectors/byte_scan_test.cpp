#include "collectors/byte_scan.hpp"
#include "tests/unit/collectors/end_of_page.hpp"
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

namespace backstop {
namespace {

using Find = const char* (*)(const char*, const char*);
struct Pair {
  const char* name;
  Find portable, best;
};
const std::vector<Pair> kFinds{
    {"skip_label_name", byte_scan::portable::skip_label_name, byte_scan::best::skip_label_name},
    {"skip_metric_name", byte_scan::portable::skip_metric_name, byte_scan::best::skip_metric_name},
    {"find_quote", byte_scan::portable::find_quote, byte_scan::best::find_quote},
    {"find_non_ascii", byte_scan::portable::find_non_ascii, byte_scan::best::find_non_ascii},
};

TEST(ByteScan, every_byte_means_the_same_everywhere) {
  for (const Pair& find : kFinds) {
    for (const char filler : {'a', '_', '7', ' '}) {
      for (int byte = 0; byte < 256; ++byte) {
        for (std::size_t at = 0; at < 36; ++at) {
          std::string text(36, filler);
          text[at] = static_cast<char>(byte);
          const char *from = text.data(), *end = from + text.size();
          ASSERT_EQ(find.best(from, end) - from, find.portable(from, end) - from)
              << find.name << " of the byte " << byte << " at " << at << " among '" << filler << "'";
        }
      }
    }
  }
}

TEST(ByteScan, nothing_behind_the_end_is_looked_at_whatever_the_length) {
  std::mt19937 random(5);
  const std::string alphabet = "abcXYZ019__::\"\\\n {}\xC3\x9F";
  for (std::size_t length = 0; length < 100; ++length) {
    for (int round = 0; round < 50; ++round) {
      std::string text;
      // Mostly bytes that all of them pass over, so that they come to the end.
      while (text.size() < length) text += random() % 40 == 0 ? alphabet[random() % alphabet.size()] : 'a';
      const EndOfPage page(text);
      const char *from = page.text().data(), *end = from + length;
      for (const Pair& find : kFinds)
        ASSERT_EQ(find.best(from, end) - from, find.portable(from, end) - from) << find.name << " in " << text;
      std::string other = text;
      if (length > 0 && round % 3 != 0) other[random() % length] = '#';
      const EndOfPage other_page(other);
      ASSERT_EQ(byte_scan::best::common_prefix(from, other_page.text().data(), length),
                byte_scan::portable::common_prefix(from, other_page.text().data(), length));
      ASSERT_EQ(byte_scan::best::equal(from, other_page.text().data(), length), text == other);
    }
  }
}

TEST(ByteScan, common_prefix_stops_at_the_first_difference_and_at_n) {
  const std::string a(200, 'x');
  for (std::size_t n = 0; n < a.size(); ++n) {
    ASSERT_EQ(byte_scan::best::common_prefix(a.data(), a.data() + 1, n), n);
    for (std::size_t at = 0; at <= n; ++at) {
      std::string b = a;
      b[at] = 'y';
      ASSERT_EQ(byte_scan::best::common_prefix(a.data(), b.data(), n), std::min(at, n));
      ASSERT_EQ(byte_scan::best::equal(a.data(), b.data(), n), at == n);
    }
  }
}

} // namespace
} // namespace backstop
