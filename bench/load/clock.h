// The clock of bench/load: monotonic, in nanoseconds. Leaf.
#pragma once

#include <time.h>

#include <cstdint>

namespace edgewise::load {

constexpr int64_t kNsPerMs = 1000000;
constexpr double kNsPerSecond = 1e9;

inline int64_t NowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000000000 + now.tv_nsec;
}

inline int64_t SecondsToNs(double seconds) { return static_cast<int64_t>(seconds * kNsPerSecond); }

}  // namespace edgewise::load
