// A connected UDP socket. Each datagram is a message of its own and begins with its number, so that
// what comes back is known even when others are lost, doubled, or overtaken.
#pragma once

#include "channel.h"

namespace edgewise::load {

class DatagramChannel final : public Channel {
 public:
  using Channel::Channel;

  static constexpr size_t kHeaderSize = sizeof(uint64_t);

  int Open(const Address& address, int source) override;
  Outcome Send() override;
  Outcome Receive(size_t limit) override;
  Outcome Advance(size_t limit) override;
  uint64_t GiveUp(int64_t limit_ns) override;

 private:
  Outcome Compare(const uint8_t* bytes, size_t length);
};

}  // namespace edgewise::load
