#include "tests/fuzz/control_request_check.hpp"
#include "tests/fuzz/corpus.hpp"

namespace backstop {
namespace {

TEST(FuzzRegressControlRequest, TheCorpusHolds) {
  fuzz::expect_corpus_holds("control_request", fuzz::check_control_request, 8);
}

} // namespace
} // namespace backstop
