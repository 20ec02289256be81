/// outbox_faults ROUNDS SEED BIN_DIR SHIM: a real backstopd rolls bad versions back while its channels fail in every way and it
/// is killed (SIGKILL) at random instants. Once the channels are good again every notice that the journal has was taken,
/// in order, the same notice only with the same key and body, nothing was sent before it was recorded, and no
/// rollback waited for a channel. Prints a table; ends with 1 if not. SEED is a number, or anything else for a random one.
#include "daemon/io/sqlite_journal.hpp"
#include "daemon/records.hpp"
#include "tests/system/hostile_channels.hpp"
#include "tests/system/rollback_rounds.hpp"
#include <algorithm>
#include <deque>
#include <set>

namespace {

using namespace backstop;
using namespace backstop::shop;
using std::chrono::seconds;

/// Less than a channel that hangs takes, so that a rollback that waited for one is seen.
constexpr seconds kRollbackTakes{5};
constexpr seconds kRestartTakes{4};
static_assert(kRollbackTakes < kChannelTimeout);

struct Row {
  std::size_t queued = 0, taken = 0, requests = 0, duplicates = 0;
};

/// What the journal says, once the daemon has ended.
struct Recorded {
  std::vector<NoticeQueued> queued;
  std::map<std::string, NoticeEnded> ended;
  std::map<std::string, std::string> version;            ///< of a deployment
  std::map<std::string, std::pair<Time, Time>> rollback; ///< by deployment: decided, ended
};

class Bench {
public:
  Bench(int rounds, unsigned seed, const std::string& bin, const std::string& shim)
      : rounds_(settings(), bin, shim), count_(rounds), random_(seed) {
    const auto add = [&](const std::string& name, std::vector<Fault> faults) {
      Inbox& inbox = inboxes_.emplace_back(rounds_.world.dir + "/journal.db", last_kill_);
      channels_.push_back(std::make_unique<HostileChannel>(name, std::move(faults), inbox, next_seed()));
      rounds_.world.settings.more_channels += channels_.back()->yaml();
    };
    add("hangs", {Fault::hangs});
    add("busy", {Fault::busy});
    add("error", {Fault::error});
    add("closes", {Fault::closes});
    add("late", {Fault::late});
    add("tls", {Fault::refuses_tls});
    add("refuses", {Fault::refuses});
    add("any", {Fault::hangs, Fault::busy, Fault::error, Fault::closes, Fault::late, Fault::refuses});
    write_file(rounds_.world.dir + "/backstop.yaml", rounds_.world.daemon_file());
  }

  bool run() {
    if (!rounds_.begin()) {
      wrong("the daemon does not come up");
      return false;
    }
    std::thread weather([&] { be_hostile(next_seed()); });
    for (int n = 1; n <= count_ && round("v" + std::to_string(n) + "-bad"); ++n) {
      if (n % 20 == 0) std::printf("... %d rollbacks\n", n), std::fflush(stdout);
    }
    over_ = true;
    weather.join();
    for (const auto& channel : channels_) channel->become(false);
    if (rounds_.tally.rollbacks != count_) wrong("it could not go on");
    wait_for_empty_outbox();
    rounds_.world.kill_daemon(SIGTERM);
    read_journal();
    check();
    return wrong_.empty() && rounds_.tally.good();
  }

  void print() {
    std::printf("%-9s %-22s %7s %7s %9s %11s\n", "channel", "while bad", "queued", "taken", "requests", "duplicates");
    for (const auto& channel : channels_) {
      const Row& row = rows_[channel->name];
      std::printf("%-9s %-22s %7zu %7zu %9zu %11zu\n", channel->name.c_str(), channel->ways().c_str(), row.queued,
                  row.taken, row.requests, row.duplicates);
    }
    const Row& oncall = rows_["oncall"];
    std::printf("%-9s %-22s %7zu %7zu %9zu %11zu\n", "oncall", "a command, never bad", oncall.queued, oncall.taken,
                oncall.requests, oncall.duplicates);
    std::printf(
        "%d rollbacks, daemon killed %d times; longest rollback without a kill %.1f s, with %.1f s; outbox empty "
        "%.1f s after the channels were good\n",
        rounds_.tally.rollbacks, kills_, longest_, longest_killed_, emptied_after_);
    for (const auto& [end, n] : rounds_.tally.ends) std::printf("  ended %s: %d\n", end.c_str(), n);
    for (const std::string& line : rounds_.tally.told) std::printf("  %s\n", line.c_str());
    for (const std::string& line : wrong_) std::printf("  %s\n", line.c_str());
  }
  [[nodiscard]] std::string last_words() const {
    const std::string log = read_text(rounds_.world.dir + "/daemon.log");
    return log.substr(log.size() - std::min<std::size_t>(log.size(), 3000));
  }

private:
  static Settings settings() {
    Settings s;
    s.check_execute = true;
    return s;
  }
  int below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }
  unsigned next_seed() { return static_cast<unsigned>(random_()); }
  void wrong(const std::string& what) { wrong_.push_back(what); }

  /// Half of the rounds are without a kill: what is between the decision and its end is the rollback's own time then.
  bool round(const std::string& version) {
    int kills = below(2) == 0 ? 0 : 1 + below(2);
    killed_in_[version] = kills;
    const bool on = rounds_.round(version, [&] {
      for (; kills > 0; --kills) {
        std::this_thread::sleep_for(milliseconds(below(1500)));
        kill();
      }
    });
    if (below(3) == 0) { // while nothing but the outbox is at work
      std::this_thread::sleep_for(milliseconds(below(500)));
      kill();
    }
    return on;
  }
  void kill() {
    ++kills_;
    last_kill_ = Clock::now();
    rounds_.kill();
    last_kill_ = Clock::now();
  }

  /// Each channel is bad for up to 6 s, then good for up to 4, and so on, each in its own time.
  void be_hostile(unsigned seed) {
    std::mt19937 random(seed);
    const auto spell = [&](bool bad) {
      return milliseconds(std::uniform_int_distribution<int>(500, bad ? 6000 : 4000)(random));
    };
    struct Turn {
      bool bad = true;
      Clock::time_point ends;
    };
    std::vector<Turn> turns(channels_.size());
    for (Turn& turn : turns) turn.ends = Clock::now() + spell(true);
    for (; !over_; std::this_thread::sleep_for(milliseconds(20))) {
      for (std::size_t i = 0; i < turns.size(); ++i) {
        if (Clock::now() < turns[i].ends) continue;
        turns[i].bad = !turns[i].bad;
        turns[i].ends = Clock::now() + spell(turns[i].bad);
        channels_[i]->become(turns[i].bad);
      }
    }
  }

  /// As `backstopctl status --json` says it.
  void wait_for_empty_outbox() {
    const auto from = Clock::now();
    Json left;
    const bool empty = rounds_.until(
        [&] {
          left = rounds_.world.ask("GET", "/v1/status")["undelivered_notices"];
          return left.as_array() && left.as_array()->empty();
        },
        seconds(90));
    emptied_after_ = std::chrono::duration<double>(Clock::now() - from).count();
    if (!empty) wrong("the outbox does not become empty: " + left.dump());
    const Json dead = rounds_.world.ask("GET", "/v1/status")["dead_letters"];
    if (!dead.as_int() || *dead.as_int() != 0) wrong("dead letters: " + dead.dump());
  }

  void read_journal() {
    const auto journal = SqliteJournal::open_read_only(rounds_.world.dir + "/journal.db");
    if (!journal) return wrong(journal.error().what);
    const Status read = (*journal)->read(0, [&](const Record& record) -> Status {
      const Json& p = record.payload;
      const std::string deployment = p.text("deployment");
      if (record.type == NoticeQueued::kType) {
        recorded_.queued.push_back(
            {p.text("key"), p.text("channel"), p.text("severity"), p.text("title"), p.text("incident"), p["body"], {}});
      } else if (record.type == NoticeEnded::kType) {
        recorded_.ended[p.text("key")] = {p.text("key"), p.text("error"), p.flag("delivered"), p.integer("attempts"),
                                          p.text("superseded_by")};
      } else if (record.type == DeploymentRequested::kType) {
        recorded_.version[p.text("id")] = p.text("version");
      } else if (record.type == RollbackStarted::kType) {
        recorded_.rollback[deployment].first = record.time;
      } else if (record.type == DeploymentEnded::kType) {
        recorded_.rollback[p.text("id")].second = record.time;
      }
      return {};
    });
    if (!read) wrong(read.error().what);
  }

  void check() {
    if (recorded_.queued.empty()) wrong("no notice was queued");
    std::set<std::string> keys;
    for (const NoticeQueued& q : recorded_.queued) {
      if (!keys.insert(q.key).second) wrong(q.key + " was queued twice");
      const auto ended = recorded_.ended.find(q.key);
      if (ended == recorded_.ended.end())
        wrong(q.key + " has no end");
      else if (!ended->second.delivered)
        wrong(q.key + " was given up: " + ended->second.error);
    }
    for (const auto& channel : channels_) check_channel(channel->name, channel->inbox.all());
    check_command();
    check_rollbacks();
  }

  [[nodiscard]] std::map<std::string, NoticeQueued> queued_for(const std::string& channel) const {
    std::map<std::string, NoticeQueued> found;
    for (const NoticeQueued& q : recorded_.queued)
      if (q.channel == channel) found[q.key] = q;
    return found;
  }

  void check_channel(const std::string& channel, const std::vector<Inbox::Arrival>& arrivals) {
    const std::map<std::string, NoticeQueued> queued = queued_for(channel);
    std::map<std::string, const Inbox::Arrival*> first;
    std::map<std::string, std::vector<std::string>> order; ///< by incident, keys as they arrived
    std::set<std::string> taken;
    for (const Inbox::Arrival& a : arrivals) {
      const std::string what = channel + ": " + (a.key.empty() ? "(no key)" : a.key);
      const auto it = queued.find(a.key);
      if (it == queued.end()) {
        wrong(what + " arrived and was never queued");
        continue;
      }
      if (!a.queued_before) wrong(what + " arrived before it was on the disk");
      if (a.too_early) wrong(what + " came again earlier than Retry-After said");
      if (a.taken) taken.insert(a.key);
      const auto [seen, is_first] = first.try_emplace(a.key, &a);
      if (!is_first && seen->second->body != a.body) wrong(what + " came again with another body");
      if (!is_first) continue;
      order[it->second.incident].push_back(a.key);
      const Result<Json> body = Json::parse(a.body);
      if (!body || body->text("key") != a.key || body->text("title") != it->second.title)
        wrong(what + " says something else: " + a.body);
    }
    for (const auto& [key, notice] : queued)
      if (!taken.contains(key)) wrong(channel + ": " + key + " never arrived");
    for (const auto& [incident, arrived] : order)
      if (!incident.empty() && arrived != in_order(channel, incident))
        wrong(channel + ": the notices of " + incident + " came in another order than they were queued in");
    rows_[channel] = {queued.size(), taken.size(), arrivals.size(), arrivals.size() - first.size()};
  }
  [[nodiscard]] std::vector<std::string> in_order(const std::string& channel, const std::string& incident) const {
    std::vector<std::string> keys;
    for (const NoticeQueued& q : recorded_.queued)
      if (q.channel == channel && q.incident == incident) keys.push_back(q.key);
    return keys;
  }

  /// The command beside them, which never fails: those that do are not in its way.
  void check_command() {
    const std::map<std::string, NoticeQueued> queued = queued_for("oncall");
    std::map<std::string, std::size_t> runs;
    std::istringstream in(read_text(rounds_.world.dir + "/notices.log"));
    Row row{queued.size(), 0, 0, 0};
    for (std::string line; std::getline(in, line); ++row.requests) ++runs[line.substr(0, line.find(' '))];
    for (const auto& [key, n] : runs)
      if (!queued.contains(key)) wrong("oncall: " + key + " arrived and was never queued");
    for (const auto& [key, notice] : queued)
      runs.contains(key) ? ++row.taken : (wrong("oncall: " + key + " never arrived"), 0);
    row.duplicates = row.requests - runs.size();
    rows_["oncall"] = row;
  }

  void check_rollbacks() {
    for (const auto& [deployment, times] : recorded_.rollback) {
      if (times.first == Time{} || times.second == Time{}) continue; // not rolled back, or no end: Rounds told of it
      const std::string version = recorded_.version[deployment];
      const int kills = killed_in_[version];
      const double took = std::chrono::duration<double>(times.second - times.first).count();
      double& longest = kills == 0 ? longest_ : longest_killed_;
      longest = std::max(longest, took);
      if (took > static_cast<double>((kRollbackTakes + kills * kRestartTakes).count()))
        wrong("the rollback of " + version + " took " + std::to_string(took) + " s, with " + std::to_string(kills) +
              " kills");
    }
  }

  int kills_ = 0;
  std::atomic<Clock::time_point> last_kill_{};
  std::deque<Inbox> inboxes_;
  Rounds rounds_;
  int count_;
  std::mt19937 random_;
  std::vector<std::unique_ptr<HostileChannel>> channels_;
  std::atomic<bool> over_ = false;
  std::map<std::string, int> killed_in_; ///< by version
  Recorded recorded_;
  std::map<std::string, Row> rows_;
  double longest_ = 0, longest_killed_ = 0, emptied_after_ = 0; ///< seconds
  std::vector<std::string> wrong_;
};

} // namespace

int main(int argc, char** argv) {
  if (argc != 5 || std::atoi(argv[1]) < 1) {
    std::fprintf(stderr, "usage: outbox_faults ROUNDS SEED BIN_DIR SHIM\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  char* end = nullptr;
  const unsigned long given = std::strtoul(argv[2], &end, 10);
  const unsigned seed = *argv[2] != 0 && *end == 0 ? static_cast<unsigned>(given) : std::random_device{}();
  std::printf("seed %u\n", seed), std::fflush(stdout);
  Bench bench(std::atoi(argv[1]), seed, argv[3], argv[4]);
  const bool good = bench.run();
  bench.print();
  if (good) {
    std::printf("all held\n");
  } else {
    std::printf("FAILED; seed %u; the daemon's last words:\n%s\n", seed, bench.last_words().c_str());
  }
  return good ? 0 : 1;
}
