#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace backstop {

/// What the answers under way take together. While the others take more than `most`, one that is larger than `small` and
/// wants to grow ends as too large: floods from many servers cannot fill the memory, nor keep the loop busy for long, and
/// one large answer alone is bounded by its own limit only. The memory comes in blocks: a flood is not copied as it grows.
/// It goes back to the system in slabs, which costs less than block by block, and cannot be kept by what is allocated
/// beside a flood, as malloc's would.
class AnswersUnderWay {
public:
  static constexpr std::size_t most = std::size_t{16} << 20;
  static constexpr std::size_t small = std::size_t{256} << 10;
  static constexpr std::size_t block = std::size_t{16} << 10; ///< what libcurl hands over at once at most
  static constexpr std::size_t slab = std::size_t{1} << 20;

  AnswersUnderWay();
  ~AnswersUnderWay(); ///< after all bodies
  AnswersUnderWay(const AnswersUnderWay&) = delete;
  AnswersUnderWay& operator=(const AnswersUnderWay&) = delete;

  /// Memory that is held, used or spare.
  [[nodiscard]] std::size_t held() const { return slabs_.size() * slab; }

private:
  friend class AnswerBody;
  struct Slab;
  struct Block {
    char* memory = nullptr;
    Slab* of = nullptr;
  };
  Block take(); ///< throws std::bad_alloc
  void give_back(Block used);

  std::size_t bytes_ = 0;
  std::vector<std::unique_ptr<Slab>> slabs_; ///< filled from the front, so that those at the end become empty
};

/// The body of one answer while it comes.
class AnswerBody {
public:
  /// `all` outlives it; null: nobody else takes part.
  explicit AnswerBody(AnswersUnderWay* all);
  ~AnswerBody();
  AnswerBody(const AnswerBody&) = delete;
  AnswerBody& operator=(const AnswerBody&) = delete;

  [[nodiscard]] std::size_t size() const { return size_; }
  /// May it have `more` bytes, given what the others take?
  [[nodiscard]] bool has_room(std::size_t more) const;
  void append(std::string_view bytes);
  /// All of it, and it is empty again.
  std::string take();

private:
  void clear();
  std::unique_ptr<AnswersUnderWay> own_; ///< where nobody else takes part
  AnswersUnderWay& all_;
  std::size_t size_ = 0;
  std::vector<AnswersUnderWay::Block> blocks_; ///< all full but the last
};

} // namespace backstop
