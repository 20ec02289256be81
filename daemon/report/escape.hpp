#pragma once
#include <string>
#include <string_view>

/// Texts of others (version names, outputs, reasons) in reports: nothing of them is markup, steers a terminal or turns the
/// reading direction.
namespace backstop::report {

/// Valid UTF-8 without control characters and without those that turn the direction of text; each becomes U+FFFD.
/// A line end stays where `lines`, else it becomes a space; a tab becomes a space.
std::string cleaned(std::string_view text, bool lines = false);

/// Text in HTML and SVG, in elements and in quoted attributes.
std::string in_html(std::string_view text);
/// The same with its lines kept.
std::string lines_in_html(std::string_view text);

/// Text within a line of Markdown (CommonMark, GitHub's tables and mentions). One line. `starts`: it begins a paragraph or an
/// item of a list.
std::string in_markdown(std::string_view text, bool starts = false);
/// A code span, its fence longer than what is in it. Safe in tables.
std::string code_in_markdown(std::string_view text);
/// A block of code with its fence, ends with a line end.
std::string fenced_in_markdown(std::string_view text);

} // namespace backstop::report
