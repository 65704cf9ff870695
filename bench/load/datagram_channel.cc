#include "datagram_channel.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "source.h"

namespace edgewise::load {
namespace {

constexpr size_t kReadMemorySize = 65536;  // more than any datagram has
constexpr int kBatchMax = 64;              // datagrams per call of Send or Receive
uint8_t read_memory[kReadMemorySize];

// ENOBUFS: the interface's queue is full (BSD); the datagram is still ours.
bool IsWouldBlock(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR || error == ENOBUFS;
}

}  // namespace

int DatagramChannel::Open(const Address& address, int source) {
  fd_ = socket(address.get()->sa_family, SOCK_DGRAM, 0);
  if (fd_ < 0) return -errno;
  if (fcntl(fd_, F_SETFL, O_NONBLOCK) != 0) return -errno;
  if (source > 0) {
    int result = BindLoopback(fd_, source);
    if (result < 0) return result;
  }
  if (connect(fd_, address.get(), address.length) != 0) return -errno;
  return fd_;
}

Outcome DatagramChannel::Advance(size_t limit) {
  Outcome outcome = Receive(limit);
  if (outcome != Outcome::kWaiting) return outcome;
  return unsent_count() > 0 ? Send() : Outcome::kWaiting;
}

Outcome DatagramChannel::Send() {
  for (int i = 0; i < kBatchMax && unsent_count() > 0; ++i) {
    uint64_t number = sent_count_;
    const uint8_t* body = exchange_.payload.Message(index_, number);
    iovec parts[2] = {{&number, kHeaderSize},
                      {const_cast<uint8_t*>(body), exchange_.size - kHeaderSize}};
    ssize_t count = writev(fd_, parts, 2);
    if (count < 0) return IsWouldBlock(errno) ? Outcome::kWaiting : Fail(errno);
    exchange_.bytes_sent += static_cast<uint64_t>(count);
    ++sent_count_;
    if (exchange_.is_sink) FinishFront();
  }
  return Outcome::kWaiting;
}

Outcome DatagramChannel::Receive(size_t) {
  for (int i = 0; i < kBatchMax; ++i) {
    ssize_t count = recv(fd_, read_memory, kReadMemorySize, 0);
    if (count < 0) return IsWouldBlock(errno) ? Outcome::kWaiting : Fail(errno);
    exchange_.bytes_received += static_cast<uint64_t>(count);
    Outcome outcome = Compare(read_memory, static_cast<size_t>(count));
    if (outcome != Outcome::kWaiting) return outcome;
  }
  return Outcome::kWaiting;
}

Outcome DatagramChannel::Compare(const uint8_t* bytes, size_t length) {
  if (exchange_.is_sink) return Outcome::kSurplus;
  if (length != exchange_.size) return Outcome::kWrongEcho;
  uint64_t number;
  memcpy(&number, bytes, kHeaderSize);
  if (number >= sent_count_) return Outcome::kWrongEcho;
  const uint8_t* expected = exchange_.payload.Message(index_, number);
  if (memcmp(bytes + kHeaderSize, expected, length - kHeaderSize) != 0) return Outcome::kWrongEcho;
  if (number < first_ || due_ns_[number - first_] == kAnswered) {
    ++exchange_.late_count;
    return Outcome::kWaiting;
  }
  exchange_.done.push_back(due_ns_[number - first_]);
  due_ns_[number - first_] = kAnswered;
  ++answered_count_;
  for (; !due_ns_.empty() && due_ns_.front() == kAnswered; due_ns_.pop_front()) ++first_;
  return Outcome::kWaiting;
}

uint64_t DatagramChannel::GiveUp(int64_t limit_ns) {
  uint64_t lost_count = 0;
  while (first_ < sent_count_ && due_ns_.front() < limit_ns) {
    if (due_ns_.front() != kAnswered) ++lost_count;
    due_ns_.pop_front();
    ++first_;
  }
  return lost_count;
}

}  // namespace edgewise::load
