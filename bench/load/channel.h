// One client of the server, with its messages: those that wait to be sent, and those that wait for
// their echo. stream_channel.h has it over TCP, datagram_channel.h over UDP. Session decides when;
// readiness is level-triggered, so every call does a bounded amount of work.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "address.h"
#include "payload.h"

namespace edgewise::load {

enum class Outcome {
  kWaiting,    // more readiness is needed
  kWrongEcho,  // a byte differs from what was sent
  kSurplus,    // more came back than was sent
  kClosed,     // the server ended the connection
  kFailed,     // error() has the errno
};

// What all channels of a session share: what they send, and what they found.
struct Exchange {
  Exchange(size_t message_size, bool is_sink)
      : payload(message_size), size(message_size), is_sink(is_sink) {}

  const Payload payload;
  const size_t size;
  const bool is_sink;           // the server answers nothing: a message is done when it was sent
  std::vector<int64_t> done;    // when the messages were due that are done; Session empties it
  uint64_t bytes_sent = 0;      // of messages
  uint64_t bytes_received = 0;  // likewise
  uint64_t late_count = 0;      // datagrams that came back after they were given up, or twice
};

class Channel {
 public:
  // What was set in the ReadySet last; Session writes it.
  struct Watched {
    bool readable = true;
    bool writable = true;
  };

  Channel(Exchange* exchange, uint32_t index) : exchange_(*exchange), index_(index) {}
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  virtual ~Channel() { Close(); }

  // Makes a non-blocking socket and begins to connect it, from 127.0.0.`source` unless that is 0.
  // Returns the descriptor, which this object closes, or -errno. May be called again after Close,
  // when no message is under way.
  virtual int Open(const Address& address, int source) = 0;

  // Ends the connection in order (FIN, not RST: what came was read).
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

  // Adds a message behind those that are there; Send sends it.
  void Add(int64_t due_ns) { due_ns_.push_back(due_ns); }

  // Sends what fits now. After anything else than kWaiting the channel is of no more use.
  virtual Outcome Send() = 0;

  // Reads what is there, up to `limit` bytes, compares it, and puts what is done into the Exchange.
  virtual Outcome Receive(size_t limit) = 0;

  // Does what readiness allows.
  virtual Outcome Advance(size_t limit) = 0;

  // Gives up the messages at the front that were due before `limit_ns`, have been sent, and may
  // have been lost on the way. Returns their count.
  virtual uint64_t GiveUp(int64_t limit_ns) = 0;

  // Whether writability is awaited: for the end of the connect, or for room for the rest.
  virtual bool wants_writable() const { return unsent_count() > 0; }

  uint64_t unsent_count() const { return first_ + due_ns_.size() - sent_count_; }
  // When each message was due that is not done, the oldest first; kAnswered: its echo came.
  const std::deque<int64_t>& due_ns() const { return due_ns_; }
  uint64_t answered_count() const { return answered_count_; }
  int error() const { return error_; }
  int fd() const { return fd_; }
  Watched watched;

  static constexpr int64_t kAnswered = -1;

 protected:
  Outcome Fail(int error) {
    error_ = error;
    return Outcome::kFailed;
  }

  void FinishFront() {
    exchange_.done.push_back(due_ns_.front());
    due_ns_.pop_front();
    ++first_;
    ++answered_count_;
  }

  Exchange& exchange_;
  const uint32_t index_;
  int fd_ = -1;
  int error_ = 0;
  std::deque<int64_t> due_ns_;
  uint64_t first_ = 0;       // the number of the message at the front of due_ns_
  uint64_t sent_count_ = 0;  // messages that were sent as a whole
  uint64_t answered_count_ = 0;
};

}  // namespace edgewise::load
