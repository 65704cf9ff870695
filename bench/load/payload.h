// What is sent. Every message is a slice of one block of pseudo-random bytes, and the slice depends
// on the connection and on the message's number: an echo that is late, doubled, or meant for
// another connection differs from what is expected, and nothing is copied to build it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace edgewise::load {

class Payload {
 public:
  explicit Payload(size_t size) : bytes_(size + kSlices) {
    uint64_t state = 0x9e3779b97f4a7c15u;
    for (uint8_t& byte : bytes_) {  // xorshift64
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      byte = static_cast<uint8_t>(state >> 32);
    }
  }

  const uint8_t* Message(uint64_t connection, uint64_t sequence) const {
    return bytes_.data() + (connection * 101 + sequence * 7) % kSlices;
  }

 private:
  static constexpr size_t kSlices = 4093;  // a prime: neighbours in both directions differ

  std::vector<uint8_t> bytes_;
};

}  // namespace edgewise::load
