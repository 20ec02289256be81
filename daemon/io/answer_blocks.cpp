#include "daemon/io/answer_blocks.hpp"
#include <algorithm>
#include <new>
#include <sys/mman.h>

namespace backstop {
namespace {

constexpr std::size_t kSpare = 4; ///< empty slabs kept for the next answers

} // namespace

struct AnswersUnderWay::Slab {
  Slab() {
    if (memory == MAP_FAILED) throw std::bad_alloc();
    for (std::size_t at = slab; at > 0; at -= block) free.push_back(static_cast<char*>(memory) + at - block);
  }
  ~Slab() { ::munmap(memory, slab); }
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;
  [[nodiscard]] bool empty() const { return free.size() == slab / block; }

  void* memory = ::mmap(nullptr, slab, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  std::vector<char*> free; ///< blocks
};

AnswersUnderWay::AnswersUnderWay() = default;
AnswersUnderWay::~AnswersUnderWay() = default;

AnswersUnderWay::Block AnswersUnderWay::take() {
  auto from = std::find_if(slabs_.begin(), slabs_.end(), [](const auto& s) { return !s->free.empty(); });
  if (from == slabs_.end()) from = slabs_.insert(from, std::make_unique<Slab>());
  const Block taken{(*from)->free.back(), from->get()};
  (*from)->free.pop_back();
  return taken;
}

void AnswersUnderWay::give_back(Block used) {
  used.of->free.push_back(used.memory);
  if (!used.of->empty()) return;
  std::size_t spare = 0;
  std::erase_if(slabs_, [&](const auto& s) { return s->empty() && ++spare > kSpare; });
}

AnswerBody::AnswerBody(AnswersUnderWay* all)
    : own_(all ? nullptr : std::make_unique<AnswersUnderWay>()), all_(all ? *all : *own_) {}

AnswerBody::~AnswerBody() { clear(); }

bool AnswerBody::has_room(std::size_t more) const {
  return own_ || all_.bytes_ - size_ + more <= AnswersUnderWay::most || size_ + more <= AnswersUnderWay::small;
}

void AnswerBody::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t at = size_ % AnswersUnderWay::block;
    if (at == 0) blocks_.push_back(all_.take());
    const std::size_t part = std::min(bytes.size(), AnswersUnderWay::block - at);
    bytes.copy(blocks_.back().memory + at, part);
    bytes.remove_prefix(part);
    size_ += part;
    all_.bytes_ += part;
  }
}

std::string AnswerBody::take() {
  std::string whole;
  whole.reserve(size_);
  for (const AnswersUnderWay::Block& b : blocks_)
    whole.append(b.memory, std::min(size_ - whole.size(), AnswersUnderWay::block));
  clear();
  return whole;
}

void AnswerBody::clear() {
  for (const AnswersUnderWay::Block& used : blocks_) all_.give_back(used);
  blocks_.clear();
  all_.bytes_ -= size_;
  size_ = 0;
}

} // namespace backstop
