#include "connection.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "source.h"

namespace edgewise::load {
namespace {

constexpr size_t kScratchSize = 64 * 1024;
uint8_t scratch[kScratchSize];  // one thread, and nothing stays in it between two calls

bool IsWouldBlock(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

void Connection::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

int Connection::Open(const sockaddr* address, socklen_t length, int source) {
  is_connecting_ = true;
  is_watching_writable = true;
  fd_ = socket(address->sa_family, SOCK_STREAM, 0);
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
  if (connect(fd_, address, length) != 0 && errno != EINPROGRESS) return -errno;
  return fd_;
}

Outcome Connection::Begin(const uint8_t* message, size_t size, int64_t now_ns) {
  message_ = message;
  size_ = size;
  sent_ = 0;
  received_ = 0;
  begun_ns_ = now_ns;
  return is_connecting_ ? Outcome::kWaiting : Send();
}

Outcome Connection::Advance() {
  if (is_connecting_) {
    Outcome outcome = FinishConnect();
    if (outcome != Outcome::kWaiting || is_connecting_) return outcome;
  } else {
    Outcome outcome = Receive();
    if (outcome != Outcome::kWaiting) return outcome;
  }
  return sent_ < size_ ? Send() : Outcome::kWaiting;
}

Outcome Connection::Fail(int error) {
  error_ = error;
  return Outcome::kFailed;
}

// Writable without an error does not yet mean connected; the peer's name does (connect(2)).
Outcome Connection::FinishConnect() {
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

Outcome Connection::Receive() {
  ssize_t count = recv(fd_, scratch, kScratchSize, 0);
  if (count == 0) return Outcome::kClosed;
  if (count < 0) return IsWouldBlock(errno) ? Outcome::kWaiting : Fail(errno);
  size_t length = static_cast<size_t>(count);
  if (length > sent_ - received_) return Outcome::kSurplus;
  if (memcmp(scratch, message_ + received_, length) != 0) return Outcome::kWrongEcho;
  received_ += length;
  if (received_ < size_) return Outcome::kWaiting;
  ++answered_count_;
  return Outcome::kAnswered;
}

Outcome Connection::Send() {
  ssize_t count = send(fd_, message_ + sent_, size_ - sent_, 0);
  if (count < 0) return IsWouldBlock(errno) ? Outcome::kWaiting : Fail(errno);
  sent_ += static_cast<size_t>(count);
  return Outcome::kWaiting;
}

}  // namespace edgewise::load
