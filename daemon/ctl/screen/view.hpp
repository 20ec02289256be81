#pragma once
#include "daemon/ctl/screen/model.hpp"
#include <optional>
#include <string>
#include <vector>

namespace backstop::ctl::screen {

/// A question to the person, on the last lines.
struct Asking {
  std::string question, input;
};

/// All that is on the screen, before it has a size.
struct View {
  enum class Page { overview, details, text, help };

  Time now{};                 ///< wall time
  std::optional<Time> silent; ///< no answer since then; zero: since the beginning
  std::string silent_why;
  unsigned turn = 0; ///< of the spinner

  std::vector<Trouble> host;
  std::vector<Service> services;
  std::size_t chosen = 0; ///< of services, where there are any

  Page page = Page::overview;
  std::string title, text;            ///< of Page::text
  std::vector<TimelineLine> timeline; ///< of Page::details
  int scroll = 0;                     ///< lines, of all pages but the overview

  std::optional<Asking> asking;
  std::string said; ///< what an action answered
  bool said_bad = false;

  [[nodiscard]] const Service* service() const { return chosen < services.size() ? &services[chosen] : nullptr; }
};

} // namespace backstop::ctl::screen
