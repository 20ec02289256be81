#include "daemon/io/sqlite_journal.hpp"
#include "tests/fakes/journal_contract.hpp"
#include "tests/fakes/temporary_directory.hpp"

namespace backstop {
namespace {

std::shared_ptr<Journal> open_at(const std::string& path) {
  auto journal = SqliteJournal::open(path);
  EXPECT_TRUE(journal) << journal.error().what;
  return journal ? std::shared_ptr<Journal>(*std::move(journal)) : nullptr;
}

const TemporaryDirectory& directory() {
  static const TemporaryDirectory kDirectory;
  return kDirectory;
}
std::string current_path;

INSTANTIATE_TEST_SUITE_P(Sqlite, JournalContract,
                         testing::Values(JournalPlace{"sqlite",
                                                      [](const std::string& test) {
                                                        current_path = directory().path() + "/" +
                                                                       test.substr(0, test.find('/')) + ".db";
                                                        return open_at(current_path);
                                                      },
                                                      [](std::shared_ptr<Journal> journal) {
                                                        journal.reset();
                                                        return open_at(current_path);
                                                      }}));

} // namespace
} // namespace backstop
