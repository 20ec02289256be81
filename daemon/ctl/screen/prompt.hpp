#pragma once
#include "daemon/ctl/screen/view.hpp"
#include "daemon/json.hpp"
#include "rules/result.hpp"
#include <string>
#include <vector>

/// What a person is asked before something is done, and the request that follows. Pure.
namespace backstop::ctl::screen {

/// To the daemon.
struct Request {
  std::string method = "GET", path;
  Json body;
  std::string done; ///< what to say when it worked
};

/// Asks for one thing after the other. What it is about is fixed as it begins, whatever the screen shows later.
class Prompt {
public:
  static Prompt acknowledge(const std::string& incident);
  static Prompt hold(const std::string& service);
  /// `target`: the version that it would go to; empty: unknown.
  static Prompt roll_back(const std::string& service, const std::string& target);
  static Prompt answer(const std::string& deployment, bool confirm);

  [[nodiscard]] Asking asking() const { return {fields_[at_].question, fields_[at_].input}; }
  void type(const std::string& text);
  void erase(); ///< the last character
  void clear() { fields_[at_].input.clear(); }
  /// Takes what was typed. An error: it will not do, and why; the question stays, but for a wrong word: then `over()`.
  Status enter();
  [[nodiscard]] bool over() const { return over_; }
  /// Once all is given and it is over.
  [[nodiscard]] const Request* request() const { return ready_ ? &request_ : nullptr; }

private:
  struct Field {
    std::string question;
    std::string member; ///< of the body; empty: none
    enum class Kind { text, duration, word } kind = Kind::text;
    std::string input = "";
  };
  Prompt(Request request, std::vector<Field> fields) : request_(std::move(request)), fields_(std::move(fields)) {}

  Request request_;
  std::vector<Field> fields_;
  std::size_t at_ = 0;
  bool over_ = false, ready_ = false;
};

} // namespace backstop::ctl::screen
