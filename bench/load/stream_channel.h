// A TCP connection. Its messages are one stream: as many as fit go out with one call, and what
// comes back is compared byte by byte, in the order in which it was sent.
#pragma once

#include "channel.h"

namespace edgewise::load {

class StreamChannel final : public Channel {
 public:
  using Channel::Channel;

  int Open(const Address& address, int source) override;
  Outcome Send() override;
  Outcome Receive(size_t limit) override;
  Outcome Advance(size_t limit) override;
  uint64_t GiveUp(int64_t) override { return 0; }  // TCP loses nothing
  bool wants_writable() const override { return is_connecting_ || unsent_count() > 0; }

 private:
  Outcome FinishConnect();
  Outcome Compare(const uint8_t* bytes, size_t length);
  void CountSent(size_t length);

  bool is_connecting_ = true;
  size_t sent_ = 0;      // bytes of message sent_count_ that were sent
  size_t received_ = 0;  // bytes of message first_ that came back
};

}  // namespace edgewise::load
