#include "tests/fuzz/corpus.hpp"
#include "tests/fuzz/journal_record_check.hpp"

namespace backstop {
namespace {

TEST(FuzzRegressJournalRecord, TheCorpusHolds) {
  fuzz::expect_corpus_holds("journal_record", fuzz::check_journal_record, 15);
}

} // namespace
} // namespace backstop
