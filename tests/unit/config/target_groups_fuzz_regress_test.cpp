#include "tests/fuzz/corpus.hpp"
#include "tests/fuzz/target_groups_check.hpp"

namespace backstop {
namespace {

TEST(FuzzRegressTargetGroups, every_file_of_the_corpus_holds) {
  fuzz::expect_corpus_holds("target_groups", fuzz::check_target_groups, 10);
}

} // namespace
} // namespace backstop
