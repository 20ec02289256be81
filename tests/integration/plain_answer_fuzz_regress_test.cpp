#include "tests/fuzz/corpus.hpp"
#include "tests/fuzz/plain_answer_check.hpp"

namespace backstop {
namespace {

TEST(FuzzRegressPlainAnswer, every_answer_of_the_corpus_holds) {
  fuzz::expect_corpus_holds("plain_answer", fuzz::check_plain_answer, 20);
}

} // namespace
} // namespace backstop
