#pragma once
#include "collectors/raw_sample.hpp"
#include "rules/result.hpp"
#include <functional>
#include <string>
#include <variant>
#include <vector>

namespace backstop {

/// A text exposition as it came.
struct ExpositionAnswer {
  std::string body;
  std::string content_type;
};
/// What was read of something that is no exposition.
struct SamplesAnswer {
  std::vector<RawSample> samples;
  std::string note; ///< what is amiss all the same, as a part that is missing; empty: nothing
};
using ProbeAnswer = std::variant<ExpositionAnswer, SamplesAnswer>;

/// Seam: one target that can be read, whatever it is read by. Bounded by its own deadline.
class Probe {
public:
  using Done = std::function<void(Result<ProbeAnswer>)>;
  virtual ~Probe() = default; ///< a read under way is given up; its Done is not called
  /// Reads once. `done` is called once, from the loop or from inside start() where reading takes no waiting. Never started
  /// again before that.
  virtual void start(Done done) = 0;
  /// For what is told of a change by itself: `changed` asks that it be read now. Called from the loop, never from inside
  /// start().
  virtual void on_change(std::function<void()> /*changed*/) {}
};

} // namespace backstop
