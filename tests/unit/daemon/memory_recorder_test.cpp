#include "tests/fakes/memory_recorder.hpp"
#include "tests/fakes/recorder_contract.hpp"

namespace backstop {
namespace {

INSTANTIATE_TEST_SUITE_P(Memory, RecorderContract,
                         testing::Values(RecorderPlace{
                             "memory", [](const std::string&) { return std::make_shared<MemoryRecorder>(); },
                             [](std::shared_ptr<Recorder> recorder) { return recorder; }}));

} // namespace
} // namespace backstop
