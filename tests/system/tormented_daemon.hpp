#pragma once
#include "tests/system/fault_board.hpp"
#include "tests/system/shop_world.hpp"
#include <sys/mman.h>

namespace backstop::shop {

/// A real daemon that the faults of a board reach, and that is started again whenever it ended, as a service manager does. `Tally`
/// counts in `daemons_ended`. Whoever derives from it ends the daemon in its own destructor.
template <class Tally> class TormentedDaemon {
public:
  World world;
  Tally tally;
  std::string last_death; ///< the instant at which the daemon ended itself, see faults::Board

  TormentedDaemon(const TormentedDaemon&) = delete;
  TormentedDaemon& operator=(const TormentedDaemon&) = delete;

  faults::Board& board() { return *board_; }

  bool begin() {
    world.start();
    return until([&] {
      return !world.ask("POST", "/v1/adopt", R"({"service":"shop","version":"v0-good","reason":"the beginning"})")
                  .is_null();
    });
  }
  void look_after() {
    int status = 0;
    if (world.daemon > 0 && ::waitpid(world.daemon, &status, WNOHANG) != world.daemon) return;
    if (world.daemon > 0) ++tally.daemons_ended;
    if (board_->died_at[0] != 0) last_death = board_->died_at;
    board_->died_at[0] = 0;
    world.start();
  }
  void kill() {
    world.kill_daemon(SIGKILL);
    ++tally.daemons_ended;
    world.start();
  }
  bool until(const std::function<bool()>& done) { return until(done, patience_); }
  bool until(const std::function<bool()>& done, std::chrono::seconds most) {
    return world.until(
        [&] {
          look_after();
          return done();
        },
        most);
  }

protected:
  TormentedDaemon(Settings settings, std::string bin, std::string shim, std::chrono::seconds patience)
      : world(std::move(settings)), patience_(patience), shim_(std::move(shim)) {
    world.bin = std::move(bin);
    world.prepare();
    const std::string path = world.dir + "/board";
    board_ = faults::make_board(path);
    world.before_exec = [this, path] {
      return ::setenv("LD_PRELOAD", shim_.c_str(), 1) == 0 && ::setenv(faults::kBoardVariable, path.c_str(), 1) == 0 &&
             ::setenv(faults::kDirectoryVariable, world.dir.c_str(), 1) == 0;
    };
  }
  ~TormentedDaemon() { ::munmap(board_, sizeof(faults::Board)); }

  faults::Board* board_ = nullptr;

private:
  std::chrono::seconds patience_;
  std::string shim_;
};

} // namespace backstop::shop
