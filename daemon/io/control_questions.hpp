#pragma once
#include "daemon/io/control_client.hpp"
#include <memory>
#include <string>
#include <vector>

namespace backstop {

/// Several questions to the control socket at a time, without blocking: for a program that has a person before it.
class ControlQuestions {
public:
  struct Answered {
    int id = 0; ///< as it was asked with
    Result<ControlClient::Answer> answer;
  };

  explicit ControlQuestions(std::string socket_path);
  ~ControlQuestions();
  ControlQuestions(const ControlQuestions&) = delete;
  ControlQuestions& operator=(const ControlQuestions&) = delete;

  /// As ControlClient::request, answered by a later wait().
  void ask(int id, const std::string& method, const std::string& path, const std::string& body, Duration timeout);
  /// Returns when a question is answered, one of `readable` has something to read, or `at_most` is over; a signal may end it early.
  /// Gives what was answered.
  std::vector<Answered> wait(const std::vector<int>& readable, Duration at_most);

private:
  struct Multi;
  std::unique_ptr<Multi> multi_;
};

} // namespace backstop
