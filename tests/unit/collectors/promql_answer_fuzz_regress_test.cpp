#include "tests/fuzz/corpus.hpp"
#include "tests/fuzz/promql_answer_check.hpp"

namespace backstop {
namespace {

TEST(FuzzRegressPromqlAnswer, every_file_of_the_corpus_holds) {
  fuzz::expect_corpus_holds("promql_answer", fuzz::check_promql_answer, 10);
}

} // namespace
} // namespace backstop
