#include "daemon/channels/escape.hpp"
#include "daemon/channels/signature.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace backstop::channels {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kJoiner = "\xE2\x81\xA0";

TEST(PlainLine, HasNoTerminalSequencesNoLinesAndNoTurnsOfDirection) {
  EXPECT_EQ(plain_line("\x1b[31mred\x1b[0m\r\nnext\x1b]0;title\ax"), "red nextx");
  EXPECT_EQ(plain_line("a\xE2\x80\xAE"
                       "b\xE2\x81\xA6"
                       "c\xEF\xBB\xBF"
                       "d"),
            "abcd");
  EXPECT_EQ(plain_line("a\xC2\x9B"
                       "b\xE2\x80\xA8"
                       "c\0d"),
            "a b c");
  EXPECT_EQ(plain_line("  a \t\n b  "), "a b");
  EXPECT_EQ(plain_line("\x1b"), "");
  EXPECT_EQ(plain_line("\x1b[12"), "");
}

TEST(PlainLine, IsValidUtf8) {
  EXPECT_EQ(plain_line("caf\xC3\xA9 \xFF\xC0\x80 \xED\xA0\x80"),
            "caf\xC3\xA9 \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(plain_line("\xF0\x9F\x94\xA5"), "\xF0\x9F\x94\xA5");
  EXPECT_EQ(plain_line("\xE2\x82"), "\xEF\xBF\xBD\xEF\xBF\xBD") << "torn off";
}

TEST(PlainLine, IsCutBetweenLetters) {
  EXPECT_EQ(plain_line("\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9", 4), "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9");
  EXPECT_EQ(plain_line("\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9", 4), "\xC3\xA9\xC3\xA9\xC3\xA9\xE2\x80\xA6");
}

TEST(ForChat, CallsNobodyAndLinksNowhere) {
  EXPECT_EQ(for_chat("<!channel> <@U1> <https://e.vil|x> a & b > 5"),
            "&lt;!channel&gt; &lt;@" + kJoiner + "U1&gt; &lt;https://e.vil|x&gt; a &amp; b &gt; 5");
  EXPECT_EQ(for_chat("@here @\xC3\xA9 me@x @ 5"),
            "@" + kJoiner + "here @" + kJoiner + "\xC3\xA9 me@" + kJoiner + "x @ 5");
  EXPECT_EQ(for_chat("[x](http://e.vil) ![y](z) [a][b]"),
            "[x]" + kJoiner + "(http://e.vil) ![y]" + kJoiner + "(z) [a]" + kJoiner + "[b]");
  EXPECT_EQ(for_chat("@" + kJoiner + "here"), "@" + kJoiner + "here") << "what hides one is taken out first";
}

TEST(Defused, HasNoTags) {
  EXPECT_EQ(defused("<script> </b> <!-- 1 < 5 <-"),
            "<" + kJoiner + "script> <" + kJoiner + "/b> <" + kJoiner + "!-- 1 < 5 <-");
}

TEST(Defused, CountsWhatItPutsIn) {
  EXPECT_EQ(defused("<b><b>", 8), "<" + kJoiner + "b><" + kJoiner + "b>");
  EXPECT_EQ(defused("<b><b>", 7), "<" + kJoiner + "b><" + kJoiner + "\xE2\x80\xA6");
}

TEST(ForHtml, IsText) {
  EXPECT_EQ(for_html("<a href=\"x\" onload='y'>&amp;\n"), "&lt;a href=&quot;x&quot; onload=&#39;y&#39;&gt;&amp;amp;");
}

TEST(ForHeader, CannotBeginAnother) {
  EXPECT_EQ(for_header("Subject", "a\r\nBcc: all@example.org\r\n\r\nbody"), "a Bcc: all@example.org body");
  EXPECT_EQ(for_header("Subject", "=?UTF-8?Q?x?="), "=?UTF-8?Q?=3D=3FUTF=2D8=3FQ=3Fx=3F=3D?=");
  EXPECT_EQ(for_header("Subject", "caf\xC3\xA9"), "=?UTF-8?Q?caf=C3=A9?=");
}

TEST(ForHeader, IsFoldedWithinItsWidth) {
  for (const char* piece : {"word ", "\xC3\xA9\xC3\xA9 "}) {
    std::string text;
    while (text.size() < 190) text += piece;
    const std::string folded = "Subject: " + for_header("Subject", text);
    std::size_t at = 0, longest = 0, lines = 0;
    for (std::size_t end = 0; end != std::string::npos; at = end + 2, ++lines) {
      end = folded.find("\r\n", at);
      longest = std::max(longest, (end == std::string::npos ? folded.size() : end) - at);
      EXPECT_TRUE(at == 0 || folded[at] == ' ');
    }
    EXPECT_LE(longest, 76U) << folded;
    EXPECT_GT(lines, 2U);
  }
}

TEST(QuotedPrintable, IsAsTheRfcWantsIt) {
  EXPECT_EQ(quoted_printable("a=b\ncaf\xC3\xA9 \n.end\n"), "a=3Db\r\ncaf=C3=A9=20\r\n=2Eend\r\n");
  const std::string text = quoted_printable(std::string(200, 'x') + "\n");
  EXPECT_EQ(text, std::string(75, 'x') + "=\r\n" + std::string(75, 'x') + "=\r\n" + std::string(50, 'x') + "\r\n");
  EXPECT_EQ(quoted_printable("a"), "a\r\n");
}

TEST(PercentEncoded, LeavesOnlyWhatIsUnreserved) {
  EXPECT_EQ(percent_encoded("a/b c?~\xC3\xA9"), "a%2Fb%20c%3F~%C3%A9");
}

TEST(Hmac, GivesTheVectorsOfRfc4231) {
  EXPECT_EQ(hmac_sha256_hex(std::string(20, '\x0b'), "Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hmac_sha256_hex("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hmac_sha256_hex(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

} // namespace
} // namespace backstop::channels
