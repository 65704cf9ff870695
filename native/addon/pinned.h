// A block of memory that JavaScript and native code share, and that stays where it is as long as
// one of them can reach it. pinned_wrap.cc makes them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace edgewise {

class Block {
 public:
  // Owned by the thread's table and by the ArrayBuffer at first.
  Block(uint8_t* memory, size_t size) : data(memory), length(size) {}

  void Share() { owners_.fetch_add(1); }
  void Release();  // the last one frees it; any thread

  uint8_t* const data;
  const size_t length;

 private:
  ~Block() = default;

  std::atomic<int> owners_{2};
};

// The block of that number in this thread's table, shared with the caller; null: there is none.
Block* ShareBlock(uint32_t number);

}  // namespace edgewise
