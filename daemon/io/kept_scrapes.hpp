#pragma once
#include "collectors/position_table.hpp"
#include "daemon/io/sqlite_database.hpp"
#include "daemon/seams.hpp"
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace backstop {

/// The scrapes in the recorder's file. One row a scrape; its values name series by numbers that stand in a book. A book is
/// of one target and covers an hour at most, so that series nobody sees any more go with the scrapes of their time. Every
/// call runs inside a transaction of the caller's; after one that failed, forget_books().
class KeptScrapes {
public:
  static constexpr const char* kTables = R"sql(
CREATE TABLE service (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE book (
  id      INTEGER PRIMARY KEY,
  service INTEGER NOT NULL,
  source  TEXT NOT NULL,
  target  TEXT NOT NULL,
  from_us INTEGER NOT NULL
) STRICT;
CREATE TABLE series (
  book INTEGER NOT NULL,
  id   INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (book, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE scrape (
  id       INTEGER PRIMARY KEY,
  service  INTEGER NOT NULL,
  time_us  INTEGER NOT NULL,
  book     INTEGER NOT NULL,
  took_us  INTEGER NOT NULL,
  why      TEXT,
  samples  BLOB NOT NULL
) STRICT;
CREATE INDEX scrape_by_time ON scrape (service, time_us);
)sql";

  static Result<KeptScrapes> prepare(const SqliteDatabase& database);

  Status add(const KeptScrape& scrape);
  Status forget(std::string_view service, Time from, Time to);
  /// Lets go what came first: up to `rows` of those older than `than`.
  Status forget_oldest(std::int64_t rows, Time than);
  /// The books of earlier calls are not there: they were in what was rolled back.
  void forget_books() { books_.clear(); }

  static Result<std::vector<KeptScrape>> read(const SqliteDatabase& database, std::string_view service, Time from,
                                              Time to, std::size_t most);

private:
  struct Book {
    std::int64_t id = 0, service = 0;
    Time from{};
    /// The series by number. A name is told by its object, which is held so that no other comes to its place.
    std::vector<SharedText> series;
    PositionTable numbers; ///< of the names
  };
  Result<Book*> book_for(const KeptScrape& scrape);
  Result<std::uint32_t> number_of(Book& book, const SharedText& series);
  Status drop_empty_books(Time newest);

  SqliteStatement add_service_, find_service_, add_book_, newest_book_, add_series_, add_scrape_, forget_,
      forget_oldest_, empty_books_, drop_series_, drop_book_;
  std::map<ScrapedTarget, Book> books_; ///< being written
};

} // namespace backstop
