#include "tests/fuzz/config_check.hpp"
#include "tests/fuzz/corpus.hpp"

namespace backstop {
namespace {

TEST(FuzzRegressConfig, EveryFileOfTheCorpusHolds) { fuzz::expect_corpus_holds("config", fuzz::check_config, 1); }

} // namespace
} // namespace backstop
