// The schedule of the open loop: requests at even distances, whatever the server does. Leaf.
#pragma once

#include <cstdint>

#include "clock.h"

namespace edgewise::load {

class Schedule {
 public:
  explicit Schedule(double rate_per_second) : interval_ns_(kNsPerSecond / rate_per_second) {}

  // Begins, or begins anew: request 0 is due now. Nothing is due before the first Begin.
  void Begin(int64_t begin_ns) {
    begin_ns_ = begin_ns;
    next_ = 0;
  }

  // When the next request is due. From the number of the request, so that no error adds up.
  int64_t next_due_ns() const {
    return begin_ns_ + static_cast<int64_t>(static_cast<double>(next_) * interval_ns_);
  }

  // Takes the next request. Returns its number, from 0.
  uint64_t Take() { return next_++; }

 private:
  double interval_ns_;
  int64_t begin_ns_ = INT64_MAX / 2;
  uint64_t next_ = 0;
};

}  // namespace edgewise::load
