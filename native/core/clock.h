// Monotonic time in nanoseconds, and the conversions that never round down.
#pragma once

#include <time.h>

#include <cstdint>

#include "poller.h"

namespace edgewise {

constexpr int64_t kNsPerSecond = 1000000000;
constexpr int64_t kNsPerMs = 1000000;

// clock_gettime(2), CLOCK_MONOTONIC: the clock of performance.now() and process.hrtime().
inline int64_t MonotonicNowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * kNsPerSecond + now.tv_nsec;
}

// What is left until `deadline`, in nanoseconds, 0 when it has passed.
inline int64_t RemainingNs(DeadlineNs deadline) {
  if (deadline == kPollOnce) return 0;
  int64_t left = deadline - MonotonicNowNs();
  return left > 0 ? left : 0;
}

// Whole milliseconds for interfaces that take an int, rounded up: a wait that ended early would
// find nothing due and spin. Longer waits than an int holds are cut; the caller's loop goes on.
inline int CeilToMs(int64_t ns) {
  int64_t ms = (ns + kNsPerMs - 1) / kNsPerMs;
  return ms > INT32_MAX ? INT32_MAX : static_cast<int>(ms);
}

inline timespec ToTimespec(int64_t ns) {
  timespec spec;
  spec.tv_sec = static_cast<time_t>(ns / kNsPerSecond);
  spec.tv_nsec = static_cast<long>(ns % kNsPerSecond);
  return spec;
}

}  // namespace edgewise
