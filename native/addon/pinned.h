// A block of memory that JavaScript and native code share, and that stays where it is as long as
// one of them can reach it. pinned_wrap.cc makes them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace edgewise {

class Block {
 public:
  // Owned by the ArrayBuffer at first.
  Block(uint8_t* memory, size_t size) : data(memory), length(size) {}

  void Share() { owners_.fetch_add(1); }
  void Release();  // the last one frees it; any thread

  uint8_t* const data;
  const size_t length;

 private:
  ~Block() = default;

  std::atomic<int> owners_{1};
};

// The blocks of one environment by number.
class BlockTable {
 public:
  BlockTable() = default;
  BlockTable(const BlockTable&) = delete;
  BlockTable& operator=(const BlockTable&) = delete;
  ~BlockTable();

  uint32_t Enter(Block* block);         // shares it; returns its number
  Block* Find(uint32_t number) const {  // null: there is none
    return number < blocks_.size() ? blocks_[number] : nullptr;
  }
  void Remove(uint32_t number);  // which Find has found

 private:
  std::vector<Block*> blocks_;  // null once removed
};

}  // namespace edgewise
