#include "daemon/report/release_notes.hpp"
#include <algorithm>
#include <cctype>
#include <set>
#include <sstream>

namespace backstop::report {
namespace {

constexpr std::size_t kHashShown = 10;

/// "type(scope)!: description".
struct Subject {
  std::string type; ///< in lower case; empty: it has none
  std::string scope, description;
  bool breaking = false;
};

std::string lower(std::string_view text) {
  std::string out;
  for (const char c : text) out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

bool is_word(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; });
}

Subject subject_of(const std::string& line) {
  const Subject plain{"", "", line, false};
  const std::size_t colon = line.find(": ");
  const std::size_t begin = colon == std::string::npos ? colon : line.find_first_not_of(' ', colon + 1);
  if (begin == std::string::npos) return plain;
  std::string head = line.substr(0, colon);
  Subject subject{"", "", line.substr(begin), false};
  if (!head.empty() && head.back() == '!') {
    subject.breaking = true;
    head.pop_back();
  }
  if (const std::size_t open = head.find('('); open != std::string::npos && head.back() == ')') {
    subject.scope = head.substr(open + 1, head.size() - open - 2);
    head.resize(open);
  }
  if (!is_word(head)) return plain;
  subject.type = lower(head);
  return subject;
}

/// "Signed-off-by: somebody", "Closes #12".
bool is_footer(const std::string& line) {
  const std::size_t end = std::min(line.find(": "), line.find(" #"));
  return end != std::string::npos && is_word(std::string_view(line).substr(0, end));
}

/// What the footer BREAKING CHANGE says, in one line; empty: there is none.
std::string breaking_footer(std::istream& body) {
  std::string text;
  bool within = false;
  for (std::string line; std::getline(body, line);) {
    const bool begins = line.rfind("BREAKING CHANGE: ", 0) == 0 || line.rfind("BREAKING-CHANGE: ", 0) == 0;
    within = begins || (within && !is_footer(line));
    if (begins) line.erase(0, line.find(": ") + 2);
    if (within && !line.empty()) text += (text.empty() ? "" : " ") + line;
  }
  return text;
}

/// The hash in "This reverts commit HASH.", as `git revert` writes it.
std::string reverted_by(const std::string& message) {
  constexpr std::string_view kSays = "This reverts commit ";
  const std::size_t at = message.find(kSays);
  if (at == std::string::npos) return "";
  const std::size_t begin = at + kSays.size();
  return message.substr(begin, message.find_first_not_of("0123456789abcdef", begin) - begin);
}

/// Kinds that change nothing for who uses the program.
bool is_inner(const std::string& type) {
  static const std::set<std::string> kInner = {"build", "chore", "ci", "docs", "refactor", "style", "test"};
  return kInner.count(type) != 0;
}

std::vector<std::string>* list_for(Changes& changes, const Subject& subject) {
  if (subject.type == "deps" || lower(subject.scope) == "deps") return &changes.dependencies;
  if (subject.type == "feat") return &changes.features;
  if (subject.type == "fix") return &changes.fixes;
  if (subject.type == "perf") return &changes.performance;
  return is_inner(subject.type) ? nullptr : &changes.other;
}

void add(Changes& changes, const Commit& commit) {
  std::istringstream message(commit.message);
  std::string first;
  std::getline(message, first);
  const Subject subject = subject_of(first);
  const std::string how = breaking_footer(message);
  const std::string text = (subject.scope.empty() ? "" : subject.scope + ": ") + subject.description;
  const std::string from = " (" + commit.hash.substr(0, kHashShown) + ")";
  if (subject.breaking || !how.empty())
    changes.breaking.push_back(text + (how.empty() ? "" : ": " + how) + from);
  else if (std::vector<std::string>* list = list_for(changes, subject))
    list->push_back((list == &changes.other && !subject.type.empty() ? first : text) + from);
  else
    ++changes.inner;
}

} // namespace

void add_commits(Changes& changes, std::span<const Commit> commits) {
  std::set<std::string> hashes, undone;
  for (const Commit& commit : commits) hashes.insert(commit.hash);
  for (const Commit& commit : commits) {
    if (undone.count(commit.hash) != 0) continue;
    if (const std::string other = reverted_by(commit.message); hashes.count(other) != 0)
      undone.insert(other);
    else
      add(changes, commit);
  }
}

} // namespace backstop::report
