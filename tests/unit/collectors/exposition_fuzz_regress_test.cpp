#include "tests/fuzz/corpus.hpp"
#include "tests/fuzz/exposition_check.hpp"

namespace backstop {
namespace {

TEST(FuzzRegressExposition, every_file_of_the_corpus_holds) {
  fuzz::expect_corpus_holds("exposition", fuzz::check_exposition, 20);
}

} // namespace
} // namespace backstop
