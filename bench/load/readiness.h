// Which connections can go on: the load generator's own small wait, apart from native/core so that
// it does not share a defect, or a cost, with what it measures. One file per mechanism:
// readiness_epoll.cc on Linux, readiness_poll.cc elsewhere. Level-triggered.
#pragma once

#include <cstdint>
#include <memory>

namespace edgewise::load {

class ReadySet {
 public:
  virtual ~ReadySet() = default;

  // Watches `fd` for reading and for writing. `index` is handed back by Wait.
  // Returns 0 or -errno.
  virtual int Add(int fd, uint32_t index) = 0;

  // Says anew what `fd` is watched for. Returns 0 or -errno.
  virtual int Watch(int fd, uint32_t index, bool for_reading, bool for_writing) = 0;

  // Waits up to `timeout_ms` and puts the indices of the ready into `indices`.
  // Returns their count (0 also after a signal) or -errno.
  virtual int Wait(int timeout_ms, uint32_t* indices, int capacity) = 0;
};

// Returns null when the kernel refuses.
std::unique_ptr<ReadySet> CreateReadySet();

}  // namespace edgewise::load
