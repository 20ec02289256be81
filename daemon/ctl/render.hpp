#pragma once
#include "daemon/ctl/invocation.hpp"
#include "daemon/ctl/layout.hpp"
#include "daemon/json.hpp"
#include <string>

/// From the documents of the control API to what people read. Pure: text in, text out.
namespace backstop::ctl {

/// The document with every control character but newline replaced: what a step printed, or a person typed, must not
/// steer the terminal.
Json printable(const Json& document);
std::string printable_text(const std::string& text);

/// The page on standard output. Give it printable() documents.
std::string render(Page page, const Json& document, const Style& style);
/// What belongs to the page and must not be taken for a part of its answer: lines for standard error, or "".
std::string render_warnings(Page page, const Json& document);
/// "what: why (how to mend it)" of an error document; the body itself where it is none.
std::string render_error(const Json& document);

} // namespace backstop::ctl
