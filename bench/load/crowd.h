// All channels of a session: opens them, sets in the ready set what each waits for, and names what
// went wrong with one. What is sent, and when, is the Session's affair.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "channel.h"
#include "failure.h"
#include "options.h"
#include "readiness.h"

namespace edgewise::load {

class Crowd {
 public:
  // Borrows all three.
  Crowd(const Options& options, Exchange* exchange, Failure* failure)
      : options_(options), exchange_(exchange), failure_(*failure) {}

  // All that can fail returns false and says why in the Failure.

  bool Prepare();
  bool OpenOne();
  // Closes a channel in order, and opens it anew.
  bool Reopen(uint32_t index);
  // Adds `count` messages to a channel, which are sent when it is writable.
  bool Queue(uint32_t index, uint64_t count, int64_t due_ns);
  // The same, and sends what fits at once unless writability is awaited anyway.
  bool Begin(uint32_t index, uint64_t count, int64_t due_ns);
  // Does what the readiness of a channel allows.
  bool Advance(uint32_t index);
  // Reads up to `limit` bytes, whatever is known of its readiness.
  bool Receive(uint32_t index, size_t limit);
  // Whether Advance reads, as at first, or only Receive does.
  bool SetReading(bool is_reading);

  // As ReadySet::Wait. Returns -1 after a failure.
  int Wait(int timeout_ms, uint32_t* indices, int capacity);

  uint32_t size() const { return static_cast<uint32_t>(channels_.size()); }
  Channel& at(uint32_t index) { return *channels_[index]; }

 private:
  bool RaiseDescriptorLimit();
  bool Connect(uint32_t index);
  bool Follow(uint32_t index, Outcome outcome);

  const Options& options_;
  Exchange* exchange_;
  Failure& failure_;
  Address address_;
  std::unique_ptr<ReadySet> ready_set_;
  std::vector<std::unique_ptr<Channel>> channels_;
  uint64_t connect_count_ = 0;
  bool is_reading_ = true;
};

}  // namespace edgewise::load
