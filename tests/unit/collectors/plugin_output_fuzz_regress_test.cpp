#include "tests/fuzz/corpus.hpp"
#include "tests/fuzz/plugin_output_check.hpp"

namespace backstop {
namespace {

TEST(FuzzRegressPluginOutput, every_file_of_the_corpus_holds) {
  fuzz::expect_corpus_holds("plugin_output", fuzz::check_plugin_output, 10);
}

} // namespace
} // namespace backstop
