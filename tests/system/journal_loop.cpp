/// journal_loop ROUNDS SHIM: a writer opens a real journal as the daemon does and appends to it, while it is killed (SIGKILL) at
/// random instants and, in half of the rounds, a part of what it does on the disk fails with an I/O error, also while it opens.
/// No record is lost of which append() said that it is on the disk. Prints a line; ends with 1 if one is.
#include "daemon/io/files.hpp"
#include "daemon/io/journal_keeper.hpp"
#include "tests/fakes/temporary_directory.hpp"
#include "tests/system/fault_board.hpp"
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace backstop;

/// What the writer tells: the newest record that it found when it opened, or that is on the disk now.
struct Said {
  std::uint64_t seq = 0;
  bool opened = false;
};

Record a_record(std::size_t size) {
  Record record;
  record.time = time_from_us(1'700'000'000'000'000);
  record.boot = "boot";
  record.actor = "journal_loop";
  record.subject = "none";
  record.type = "written";
  record.version = 1;
  record.payload = Json::object();
  record.payload.set("output", std::string(size, 'x'));
  return record;
}

bool say(int fd, Said said) { return ::write(fd, &said, sizeof said) == sizeof said; }

/// The writer, until it is killed.
int append_to(const std::string& path, int fd) {
  std::mt19937 random(std::random_device{}());
  const auto below = [&](unsigned n) { return std::uniform_int_distribution<unsigned>(0, n - 1)(random); };
  auto kept = JournalKeeper::open(path);
  if (!kept) return 1;
  JournalKeeper& keeper = **kept;
  if (!keeper.opened()) {
    static_cast<void>(recorded_anchor(path, boot_id()));
    while (!keeper.try_again()) ::usleep(5000);
  }
  std::uint64_t newest = 0;
  const Status read = keeper.journal().read(0, [&](const Record& record) -> Status {
    newest = record.seq;
    return {};
  });
  if (read && !say(fd, {newest, true})) return 1;
  for (;;) {
    std::vector<Record> records;
    for (unsigned i = below(3) + 1; i > 0; --i) records.push_back(a_record(below(900)));
    if (keeper.journal().append(records) && !say(fd, {records.back().seq, false})) return 1;
    if (below(50) == 0) static_cast<void>(keeper.keep_house());
    ::usleep(below(2000));
  }
}

struct Loop {
  faults::Board* board = nullptr;
  std::string directory, shim;
  std::mt19937 random{std::random_device{}()};
  std::uint64_t durable = 0;
  int lost = 0;

  unsigned below(unsigned n) { return std::uniform_int_distribution<unsigned>(0, n - 1)(random); }

  void round(int number) {
    int ends[2];
    if (::pipe(ends) != 0) std::abort();
    const pid_t writer = ::fork();
    if (writer == 0) {
      ::setenv("LD_PRELOAD", shim.c_str(), 1);
      ::setenv(faults::kBoardVariable, (directory + "/board").c_str(), 1);
      ::setenv(faults::kDirectoryVariable, directory.c_str(), 1);
      ::execl("/proc/self/exe", "journal_loop", "--write", (directory + "/journal.db").c_str(),
              std::to_string(ends[1]).c_str(), nullptr);
      ::_exit(127);
    }
    ::close(ends[1]);
    if (below(3) > 0) ::usleep(below(60'000));
    if (below(2) == 0) {
      board->error_permille = 300;
      board->disk_error = EIO;
      ::usleep(below(60'000));
      if (below(2) == 0) board->disk_error = 0;
    }
    if (below(2) == 0) ::usleep(below(40'000));
    ::kill(writer, SIGKILL);
    ::waitpid(writer, nullptr, 0);
    if (below(2) == 0) board->disk_error = 0; // else the next one opens on a broken disk
    for (Said said; ::read(ends[0], &said, sizeof said) == sizeof said; durable = said.seq) {
      if (said.seq >= durable) continue;
      ++lost;
      std::printf("round %d: %llu records were on the disk, %llu are there\n", number,
                  static_cast<unsigned long long>(durable), static_cast<unsigned long long>(said.seq));
    }
    ::close(ends[0]);
  }
};

} // namespace

int main(int argc, char** argv) {
  if (argc == 4 && std::string(argv[1]) == "--write") return append_to(argv[2], std::atoi(argv[3]));
  if (argc != 3) {
    std::fprintf(stderr, "usage: journal_loop ROUNDS SHIM\n");
    return 2;
  }
  const TemporaryDirectory directory;
  Loop loop;
  loop.directory = directory.path();
  loop.shim = argv[2];
  loop.board = faults::make_board(loop.directory + "/board");
  const int rounds = std::max(1, std::atoi(argv[1]));
  for (int i = 1; i <= rounds; ++i) loop.round(i);
  std::printf("%d writers killed, %llu records, lost %d times\n", rounds, static_cast<unsigned long long>(loop.durable),
              loop.lost);
  return loop.lost == 0 && loop.durable > 0 ? 0 : 1;
}
