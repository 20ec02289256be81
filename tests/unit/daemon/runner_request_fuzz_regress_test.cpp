#include "tests/fuzz/corpus.hpp"
#include "tests/fuzz/runner_request_check.hpp"

namespace backstop {
namespace {

TEST(FuzzRegressRunnerRequest, TheCorpusHolds) {
  fuzz::expect_corpus_holds("runner_request", fuzz::check_runner_request, 8);
}

} // namespace
} // namespace backstop
