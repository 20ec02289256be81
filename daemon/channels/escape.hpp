#pragma once
#include <cstddef>
#include <string>
#include <string_view>

/// Takes out of a text whatever a medium would act upon. Titles, reasons and evidence come from programs and people
/// outside: a version, a log line or an answer of a server may hold anything.
namespace backstop::channels {

/// One line of valid UTF-8 with nothing in it that moves a cursor or turns the direction of reading: terminal sequences are
/// taken out, line breaks and control characters become a space, bytes that are no UTF-8 a U+FFFD. Longer than `most`
/// characters: cut, with an ellipsis.
std::string plain_line(std::string_view text, std::size_t most = 1000);

/// A line for Slack, Mattermost and Rocket.Chat: < > & as entities, so that <!channel> and <url|text> are text; a word
/// joiner behind each @ that would call somebody, and in what Markdown takes for a link.
std::string for_chat(std::string_view text, std::size_t most = 1000);

/// A line for a place where tags or Markdown links may be acted upon and entities may be shown as they are: the same word
/// joiners, and one behind each < that begins a tag.
std::string defused(std::string_view text, std::size_t most = 1000);

/// A line as text of an HTML element or attribute.
std::string for_html(std::string_view text, std::size_t most = 1000);

/// A line as the value of a mail header, folded after "`name`: ": as it is where it is ASCII, else encoded words (RFC 2047).
std::string for_header(std::string_view name, std::string_view text, std::size_t most = 200);

/// Text with line breaks "\n" as quoted-printable (RFC 2045), its lines ended with CRLF.
std::string quoted_printable(std::string_view text);

/// Every byte that is no unreserved character of RFC 3986 as %XX: a piece of a path, of a package URL.
std::string percent_encoded(std::string_view text);

} // namespace backstop::channels
