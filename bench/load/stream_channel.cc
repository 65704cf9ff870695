#include "stream_channel.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/uio.h>

#include <algorithm>

#include "source.h"

namespace edgewise::load {
namespace {

constexpr size_t kReadMemorySize = 65536;
constexpr size_t kPartsMax = 64;       // messages per call; below IOV_MAX anywhere
uint8_t read_memory[kReadMemorySize];  // one thread, and nothing stays in it between two calls

bool IsWouldBlock(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

int StreamChannel::Open(const Address& address, int source) {
  is_connecting_ = true;
  watched = Watched();
  fd_ = socket(address.get()->sa_family, SOCK_STREAM, 0);
  if (fd_ < 0) return -errno;
  int on = 1;
  if (fcntl(fd_, F_SETFL, O_NONBLOCK) != 0 ||
      setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) {
    return -errno;
  }
  if (source > 0) {
    int result = BindLoopback(fd_, source);
    if (result < 0) return result;
  }
  if (connect(fd_, address.get(), address.length) != 0 && errno != EINPROGRESS) return -errno;
  return fd_;
}

Outcome StreamChannel::Advance(size_t limit) {
  if (is_connecting_) {
    Outcome outcome = FinishConnect();
    if (outcome != Outcome::kWaiting || is_connecting_) return outcome;
  } else if (limit > 0) {
    Outcome outcome = Receive(limit);
    if (outcome != Outcome::kWaiting) return outcome;
  }
  return unsent_count() > 0 ? Send() : Outcome::kWaiting;
}

// Writable without an error does not yet mean connected; the peer's name does (connect(2)).
Outcome StreamChannel::FinishConnect() {
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return Fail(errno);
  if (error != 0) return Fail(error);
  sockaddr_storage peer;
  length = sizeof peer;
  if (getpeername(fd_, reinterpret_cast<sockaddr*>(&peer), &length) != 0) {
    return errno == ENOTCONN ? Outcome::kWaiting : Fail(errno);
  }
  is_connecting_ = false;
  return Outcome::kWaiting;
}

Outcome StreamChannel::Receive(size_t limit) {
  ssize_t count = recv(fd_, read_memory, std::min(limit, kReadMemorySize), 0);
  if (count == 0) return Outcome::kClosed;
  if (count < 0) return IsWouldBlock(errno) ? Outcome::kWaiting : Fail(errno);
  exchange_.bytes_received += static_cast<uint64_t>(count);
  return Compare(read_memory, static_cast<size_t>(count));
}

Outcome StreamChannel::Compare(const uint8_t* bytes, size_t length) {
  if (exchange_.is_sink) return Outcome::kSurplus;
  while (length > 0) {
    size_t sent_of_front = first_ < sent_count_ ? exchange_.size : sent_;
    size_t part = std::min(length, sent_of_front - received_);
    if (part == 0) return Outcome::kSurplus;
    const uint8_t* expected = exchange_.payload.Message(index_, first_) + received_;
    if (memcmp(bytes, expected, part) != 0) return Outcome::kWrongEcho;
    bytes += part;
    length -= part;
    received_ += part;
    if (received_ == exchange_.size) {
      received_ = 0;
      FinishFront();
    }
  }
  return Outcome::kWaiting;
}

Outcome StreamChannel::Send() {
  iovec parts[kPartsMax];
  size_t part_count = std::min<uint64_t>(unsent_count(), kPartsMax);
  for (size_t i = 0; i < part_count; ++i) {
    size_t skipped = i == 0 ? sent_ : 0;
    const uint8_t* message = exchange_.payload.Message(index_, sent_count_ + i);
    parts[i] = {const_cast<uint8_t*>(message + skipped), exchange_.size - skipped};
  }
  ssize_t count = writev(fd_, parts, static_cast<int>(part_count));
  if (count < 0) return IsWouldBlock(errno) ? Outcome::kWaiting : Fail(errno);
  CountSent(static_cast<size_t>(count));
  return Outcome::kWaiting;
}

void StreamChannel::CountSent(size_t length) {
  exchange_.bytes_sent += length;
  for (sent_ += length; sent_ >= exchange_.size; sent_ -= exchange_.size) {
    ++sent_count_;
    if (exchange_.is_sink) FinishFront();
  }
}

}  // namespace edgewise::load
