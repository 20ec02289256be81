#pragma once
#include "daemon/notice_text.hpp"
#include "daemon/operator.hpp"
#include "daemon/service_watch.hpp"
#include "rules/result.hpp"
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace backstop {

/// Deployments that nobody announced, known by what they change: a link, a version that targets show, a unit that was
/// restarted. They begin and finish by the same commands as a person's, by an actor that says how they were seen.
class Detections {
public:
  struct Outside {
    std::function<Result<std::string>(const std::string& path)> read_link;
    std::function<Reply(Command, const std::string& actor, Time)> command;
    /// Tells the channels.
    std::function<void(const Announcement&, Time)> tell;
  };
  Detections(const ServiceWatches& watches, const State& state, Outside outside);

  /// Looks at every service that detects, where it is time. A command that follows from it may end the life of a watch.
  void look(Time now);
  /// When to look next; kNever: no service detects.
  [[nodiscard]] Time next_look() const { return next_look_; }
  /// Services came, went or changed.
  void begin_anew(Time now);
  /// Nothing can be recorded now: not before the next time.
  void put_off(Time now);
  /// Samples show something new: look at once.
  void hurry(Time now) { next_look_ = next_look_ == kNever ? kNever : now; }

private:
  struct Seen {
    std::string version;
    bool everywhere = true;
    std::string how;   ///< "link /srv/shop/current": in the actor's name
    std::string where; ///< "/srv/shop/current points to": before the version, for people
  };
  /// A version that is seen, for which no deployment could begin.
  struct Unwatched {
    std::string version;
    int tries = 0;
    Time again{};
  };
  struct NoLink {
    Time since{};
    bool told = false;
  };
  [[nodiscard]] std::optional<Seen> seen(const ServiceWatch& watch, const ServiceState& service, Time now);
  void miss_link(const std::string& key, const Error& why, Time now);
  void look_at(const std::string& key, const ServiceState& service, const Seen& seen, Time now);
  void begin(const std::string& key, const Seen& seen, Time now);

  const ServiceWatches& watches_;
  const State& state_;
  Outside outside_;
  std::map<std::string, Unwatched> unwatched_; ///< by service
  std::map<std::string, std::string> shown_;   ///< what was seen last, by service
  std::map<std::string, double> starts_;       ///< of its unit when it was looked at last, by service
  std::map<std::string, NoLink> no_link_;      ///< links that cannot be read, by service
  Time next_look_ = kNever;
};

} // namespace backstop
