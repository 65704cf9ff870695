// Busy polling of an epoll set: ioctl(2)s of Linux 6.9 and later (linux/eventpoll.h), which headers
// may lack.
#pragma once

#include <sys/ioctl.h>

#include <cerrno>

#include "poller.h"

namespace edgewise {

struct BusyPollParams {
  uint32_t usecs;
  uint16_t budget;
  uint8_t prefers;
  uint8_t reserved;
};
constexpr auto kSetBusyPoll = _IOW(0x8a, 1, BusyPollParams);
constexpr auto kGetBusyPoll = _IOR(0x8a, 2, BusyPollParams);

inline bool HasBusyPoll(int epoll_fd) {
  BusyPollParams unused{};
  return ioctl(epoll_fd, kGetBusyPoll, &unused) == 0;
}

// Returns 0 or -errno, as Poller::SetBusyPoll.
inline int ApplyBusyPoll(int epoll_fd, const BusyPoll& busy_poll) {
  BusyPollParams params{busy_poll.usecs, busy_poll.budget, busy_poll.prefers, 0};
  if (ioctl(epoll_fd, kSetBusyPoll, &params) == 0) return 0;
  return errno == ENOTTY || errno == EOPNOTSUPP ? -ENOTSUP : -errno;
}

}  // namespace edgewise
