#include "daemon/io/kept_scrapes.hpp"
#include "daemon/io/packed_values.hpp"
#include <algorithm>
#include <array>
#include <chrono>
#include <unordered_map>
#include <utility>

namespace backstop {
namespace {

constexpr Duration kBookLength = std::chrono::hours(1);
constexpr std::int64_t kForgottenAtOnce = 1000; // rows: a call must not hold the loop up
constexpr std::int64_t kBooksAtOnce = 8;

/// One value of one row.
Result<std::int64_t> only_integer(SqliteStatement& statement) {
  const auto row = statement.step();
  if (!row) return row.error();
  const std::int64_t value = *row ? statement.integer(0) : 0;
  statement.reset();
  return value;
}

using Names = std::unordered_map<std::uint32_t, SharedText>;

/// What a book says, while it is read.
struct OpenBook {
  std::shared_ptr<const ScrapedTarget> of;
  Names names;
};

Result<OpenBook> open_book(const SqliteDatabase& database, std::string_view service, std::int64_t id) {
  OpenBook book;
  auto head = database.prepare("SELECT source, target FROM book WHERE id = ?");
  if (!head) return head.error();
  const auto found = head->bind(1, id).step();
  if (!found) return found.error();
  if (!*found) return fail(Errc::corrupt, database.path() + ": scrapes of a target that is not there");
  book.of = std::make_shared<ScrapedTarget>(ScrapedTarget{std::string(service), head->text(0), head->text(1)});
  auto rows = database.prepare("SELECT id, text FROM series WHERE book = ?");
  if (!rows) return rows.error();
  rows->bind(1, id);
  for (auto row = rows->step();; row = rows->step()) {
    if (!row) return row.error();
    if (!*row) return book;
    book.names[static_cast<std::uint32_t>(rows->integer(0))] = SharedText(rows->text(1));
  }
}

} // namespace

Result<KeptScrapes> KeptScrapes::prepare(const SqliteDatabase& database) {
  KeptScrapes kept;
  const std::array<std::pair<SqliteStatement*, const char*>, 11> texts = {{
      {&kept.add_service_, "INSERT OR IGNORE INTO service (name) VALUES (?)"},
      {&kept.find_service_, "SELECT id FROM service WHERE name = ?"},
      {&kept.add_book_, "INSERT INTO book (service, source, target, from_us) VALUES (?, ?, ?, ?)"},
      {&kept.newest_book_, "SELECT max(id) FROM book"},
      {&kept.add_series_, "INSERT INTO series VALUES (?, ?, ?)"},
      {&kept.add_scrape_,
       "INSERT INTO scrape (service, time_us, book, took_us, why, samples) VALUES (?, ?, ?, ?, ?, ?)"},
      {&kept.forget_, "DELETE FROM scrape WHERE id IN (SELECT id FROM scrape WHERE service = (SELECT id FROM service "
                      "WHERE name = ?) AND time_us >= ? AND time_us < ? ORDER BY time_us LIMIT ?)"},
      {&kept.forget_oldest_, "DELETE FROM scrape WHERE id < (SELECT min(id) FROM scrape) + ?1 AND time_us < ?2"},
      {&kept.empty_books_, "SELECT id FROM book WHERE from_us < ?1 AND NOT EXISTS (SELECT 1 FROM scrape WHERE "
                           "scrape.service = book.service AND time_us BETWEEN from_us AND from_us + ?2) LIMIT ?3"},
      {&kept.drop_series_, "DELETE FROM series WHERE book = ?"},
      {&kept.drop_book_, "DELETE FROM book WHERE id = ?"},
  }};
  for (const auto& [statement, text] : texts) {
    auto prepared = database.prepare(text);
    if (!prepared) return prepared.error();
    *statement = *std::move(prepared);
  }
  return kept;
}

Result<KeptScrapes::Book*> KeptScrapes::book_for(const KeptScrape& scrape) {
  const auto known = books_.find(*scrape.of);
  const bool fits =
      known != books_.end() && scrape.t >= known->second.from && scrape.t <= known->second.from + kBookLength;
  if (fits) return &known->second;
  if (Status dropped = drop_empty_books(scrape.t); !dropped) return dropped.error();
  Book book;
  book.from = scrape.t;
  if (Status added = add_service_.bind(1, scrape.of->service).run(); !added) return added.error();
  const Result<std::int64_t> service = only_integer(find_service_.bind(1, scrape.of->service));
  if (!service) return service.error();
  book.service = *service;
  add_book_.bind(1, book.service).bind(2, scrape.of->source).bind(3, scrape.of->target).bind(4, to_us(book.from));
  if (Status added = add_book_.run(); !added) return added.error();
  const Result<std::int64_t> id = only_integer(newest_book_);
  if (!id) return id.error();
  book.id = *id;
  return &books_.insert_or_assign(*scrape.of, std::move(book)).first->second;
}

Result<std::uint32_t> KeptScrapes::number_of(Book& book, const SharedText& series) {
  const std::size_t hash = series.identity_hash();
  if (const auto known = book.numbers.find(hash, [&](std::uint32_t n) { return book.series[n].is(series); }))
    return *known;
  const auto number = static_cast<std::uint32_t>(book.series.size());
  add_series_.bind(1, book.id).bind(2, std::int64_t{number}).bind(3, series.view());
  if (Status added = add_series_.run(); !added) return added.error();
  book.series.push_back(series);
  book.numbers.insert(hash, number);
  return number;
}

Status KeptScrapes::add(const KeptScrape& scrape) {
  const Result<Book*> book = book_for(scrape);
  if (!book) return book.error();
  std::vector<PackedValue> values;
  values.reserve(scrape.values.size());
  for (const KeptScrape::Value& value : scrape.values) {
    const Result<std::uint32_t> number = number_of(**book, value.series);
    if (!number) return number.error();
    values.push_back({*number, value.value});
  }
  add_scrape_.bind(1, (*book)->service).bind(2, to_us(scrape.t)).bind(3, (*book)->id);
  add_scrape_.bind(4, std::int64_t{scrape.took.count()});
  scrape.ok ? add_scrape_.bind_null(5) : add_scrape_.bind(5, std::string_view(scrape.why));
  return add_scrape_.bind_blob(6, pack_values(values)).run();
}

Status KeptScrapes::forget(std::string_view service, Time from, Time to) {
  forget_.bind(1, service).bind(2, to_us(from)).bind(3, to_us(to)).bind(4, kForgottenAtOnce);
  return forget_.run();
}

Status KeptScrapes::forget_oldest(std::int64_t rows, Time than) {
  return forget_oldest_.bind(1, rows).bind(2, to_us(than)).run();
}

/// Those whose hour, and an hour more, is over: none of them is being written.
Status KeptScrapes::drop_empty_books(Time newest) {
  std::vector<std::int64_t> ids;
  empty_books_.bind(1, to_us(newest - 2 * kBookLength))
      .bind(2, std::int64_t{kBookLength.count()})
      .bind(3, kBooksAtOnce);
  for (auto row = empty_books_.step();; row = empty_books_.step()) {
    if (!row) return row.error();
    if (!*row) break;
    ids.push_back(empty_books_.integer(0));
  }
  empty_books_.reset();
  for (const std::int64_t id : ids) {
    if (Status dropped = drop_series_.bind(1, id).run(); !dropped) return dropped;
    if (Status dropped = drop_book_.bind(1, id).run(); !dropped) return dropped;
    std::erase_if(books_, [id](const auto& entry) { return entry.second.id == id; });
  }
  return {};
}

Result<std::vector<KeptScrape>> KeptScrapes::read(const SqliteDatabase& database, std::string_view service, Time from,
                                                  Time to, std::size_t most) {
  std::vector<KeptScrape> found;
  auto rows =
      database.prepare("SELECT time_us, took_us, why, samples, book FROM scrape WHERE service = (SELECT id FROM "
                       "service WHERE name = ?) AND time_us >= ? AND time_us < ? ORDER BY time_us, id");
  if (!rows) return rows.error();
  rows->bind(1, service).bind(2, to_us(from)).bind(3, to_us(to));
  std::map<std::int64_t, OpenBook> books;
  std::vector<PackedValue> values;
  std::size_t taken = 0;
  for (auto row = rows->step();; row = rows->step()) {
    if (!row) return row.error();
    if (!*row) return found;
    KeptScrape scrape;
    scrape.t = time_from_us(rows->integer(0));
    if (taken >= most && !found.empty() && scrape.t != found.back().t) return found;
    scrape.took = Duration{rows->integer(1)};
    scrape.ok = rows->is_null(2);
    scrape.why = rows->text(2);
    auto book = books.find(rows->integer(4));
    if (book == books.end()) {
      Result<OpenBook> opened = open_book(database, service, rows->integer(4));
      if (!opened) return opened.error();
      book = books.emplace(rows->integer(4), *std::move(opened)).first;
    }
    scrape.of = book->second.of;
    bool good = unpack_values(rows->text(3), values);
    for (const PackedValue& v : values) {
      const auto name = book->second.names.find(v.series);
      if (name == book->second.names.end())
        good = false;
      else
        scrape.values.push_back({name->second, v.value});
    }
    if (!good) return fail(Errc::corrupt, database.path() + ": samples that do not read");
    taken += 1 + scrape.values.size();
    found.push_back(std::move(scrape));
  }
}

} // namespace backstop
