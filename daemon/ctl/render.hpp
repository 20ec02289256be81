#pragma once
#include "daemon/ctl/invocation.hpp"
#include "daemon/json.hpp"
#include <string>
#include <vector>

/// The pages for people, from the documents of the control API. Pure: text in, text out.
namespace backstop::ctl {

struct Style {
  bool color = false;
};

/// The document with every control character but newline replaced: what a step printed, or a person typed, must not steer
/// the terminal.
Json printable(const Json& document);

/// Give it printable() documents.
std::string render(Page page, const Json& document, const Style& style);
/// "what: why (how to mend it)" of an error document; the body itself where it is none.
std::string render_error(const Json& document);
/// One line on how a deployment stands, for `deploy wait`: "D1 watching, good in 12s, normal; error_rate 0.2% of > 5%".
std::string progress_line(const Json& document, const Style& style);
/// What happened and why, in one or two sentences, and the exit code for it. `whole_bake`: a version that is verified
/// good is not the end yet. Not final: exit code -1.
struct Outcome {
  int exit_code = -1;
  std::string text;
};
Outcome outcome_of(const Json& document, bool whole_bake);

/// "1m30s", "2h", "850ms".
std::string short_duration(double seconds);

} // namespace backstop::ctl
