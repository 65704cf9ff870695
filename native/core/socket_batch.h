// One receive and one send of each of many sockets, in one block of memory that belongs to
// JavaScript: for `entries` sockets their descriptors, offsets, lengths and results, and then the
// bytes. src/sys/socket-batch.ts lays its typed arrays over the same places.
#pragma once

#include <cstddef>
#include <cstdint>

namespace edgewise::sys {

struct SocketBatch {
  uint8_t* base;
  uint32_t entries;
  uint32_t bytes_count;

  static constexpr uint32_t kEntriesMax = 65536;

  static size_t HeaderSize(uint32_t entries) { return size_t{entries} * 4 * sizeof(int32_t); }
  static uint64_t Size(uint32_t entries, uint32_t bytes_count) {
    return HeaderSize(entries) + uint64_t{bytes_count};
  }
  int32_t* fds() const { return reinterpret_cast<int32_t*>(base); }
  uint32_t* offsets() const { return reinterpret_cast<uint32_t*>(base) + entries; }
  uint32_t* lengths() const { return offsets() + entries; }
  int32_t* results() const { return reinterpret_cast<int32_t*>(lengths() + entries); }
  uint8_t* bytes() const { return base + HeaderSize(entries); }
};

// Receives up to `size_max` (1 to bytes_count) bytes of each of the first `count` sockets, which
// must be >= 0, one behind the other in the bytes, and never blocks. Fills offsets, lengths (0 for
// an end or an error) and results (bytes or -errno). Returns how many sockets it read: fewer than
// `count` when what is left of the bytes is less than `size_max`.
uint32_t RecvEach(const SocketBatch& batch, uint32_t count, uint32_t size_max);

// Sends `lengths` bytes at `offsets`, which must lie in the bytes, on each of the first `count`
// sockets; an entry without a length is passed over. Never blocks. Fills results (bytes or -errno).
// Returns how many entries were not sent whole.
uint32_t SendEach(const SocketBatch& batch, uint32_t count);

}  // namespace edgewise::sys
