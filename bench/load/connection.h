// One client connection with at most one message under way: connects, sends the message, and
// compares what comes back byte by byte. Session decides when; the kernel's readiness is
// level-triggered, so every call does one bounded piece of work.
#pragma once

#include <sys/socket.h>

#include <cstdint>

#include "payload.h"

namespace edgewise::load {

enum class Outcome {
  kWaiting,    // more readiness is needed
  kAnswered,   // the whole message came back
  kWrongEcho,  // a byte differs from what was sent
  kSurplus,    // more came back than was sent
  kClosed,     // the server ended the connection
  kFailed,     // error() has the errno
};

class Connection {
 public:
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { Close(); }

  // Begins a non-blocking connect, from 127.0.0.`source` unless that is 0. Returns the descriptor,
  // which this object closes, or -errno. May be called again after Close.
  int Open(const sockaddr* address, socklen_t length, int source);

  // Ends the connection in order (FIN, not RST: what came was read).
  void Close();

  // Begins a message and sends what fits now, nothing while the connect is under way. The bytes
  // must outlive the exchange. Returns kWaiting or kFailed.
  Outcome Begin(const uint8_t* message, size_t size, int64_t now_ns);

  // Does what readiness allows. kAnswered ends the message; after anything else than that and
  // kWaiting the connection is of no more use.
  Outcome Advance();

  // Whether writability is awaited: for the end of the connect, or for room for the rest.
  bool wants_writable() const { return is_connecting_ || sent_ < size_; }
  bool is_watching_writable = true;  // what the ReadySet was told last; Session writes it

  bool is_waiting() const { return received_ < size_; }
  uint64_t answered_count() const { return answered_count_; }
  int64_t begun_ns() const { return begun_ns_; }
  int error() const { return error_; }
  int fd() const { return fd_; }

 private:
  Outcome Fail(int error);
  Outcome FinishConnect();
  Outcome Receive();
  Outcome Send();

  int fd_ = -1;
  int error_ = 0;
  bool is_connecting_ = true;
  const uint8_t* message_ = nullptr;
  size_t size_ = 0;
  size_t sent_ = 0;
  size_t received_ = 0;
  int64_t begun_ns_ = 0;
  uint64_t answered_count_ = 0;
};

}  // namespace edgewise::load
