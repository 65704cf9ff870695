// Between the words of poller.h and those of epoll(7): the bits of an entry, and its cookie, which
// carries what an event does not say: what was asked for, and whether the file is a pipe.
#pragma once

#include <sys/epoll.h>

#include <cstdint>

#include "poller.h"

#ifndef EPOLLEXCLUSIVE
#define EPOLLEXCLUSIVE (1u << 28)  // linux/eventpoll.h, since 4.5; absent from old C libraries
#endif

namespace edgewise {

// The cookie of the kernel: generation, then a bit for a pipe, the interest, the slot.
constexpr int kInterestShift = 24;
constexpr uint64_t kPipeBit = 1u << 28;

inline uint64_t Pack(Token token, uint32_t interest = kInterestReadable) {
  return static_cast<uint64_t>(token.generation) << 32 | interest << kInterestShift | token.slot;
}

inline Token Unpack(uint64_t data) {
  return {static_cast<uint32_t>(data) & kSlotMask, static_cast<uint32_t>(data >> 32)};
}

inline uint32_t ToEpoll(uint32_t interest, Trigger trigger) {
  uint32_t events = 0;
  if (interest & kInterestReadable) events |= EPOLLIN | EPOLLRDHUP;
  if (interest & kInterestReadClosed) events |= EPOLLRDHUP;
  if (interest & kInterestWritable) events |= EPOLLOUT;
  if (interest & kInterestPriority) events |= EPOLLPRI;
  if (IsEdge(trigger)) events |= EPOLLET;
  if (IsOneshot(trigger) || interest == 0) events |= EPOLLONESHOT;
  return events;
}

inline uint32_t ToReadiness(uint32_t events, uint64_t data) {
  uint32_t readiness = 0;
  if (events & EPOLLIN) readiness |= kReadable;
  if (events & EPOLLOUT) readiness |= kWritable;
  if (events & EPOLLPRI) readiness |= kPriority;
  if (events & EPOLLRDHUP) readiness |= kReadClosed | kReadable;
  if (events & EPOLLHUP) readiness |= kReadClosed | kWriteClosed | kReadable | kWritable;
  if (events & EPOLLERR) {
    readiness |= kError | kReadable | kWritable;
    if (data & kPipeBit) readiness |= kWriteClosed;
  }
  return readiness & ReportedOf(static_cast<uint32_t>(data >> kInterestShift) & kEveryInterest);
}

}  // namespace edgewise
