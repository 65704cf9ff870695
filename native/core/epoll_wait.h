// The waits of epoll(7), with time-outs in milliseconds and in nanoseconds.
#pragma once

#include <sys/epoll.h>

#include <cstdint>

namespace edgewise {

// epoll_wait(2). Returns the count of events, or -errno.
int EpollWaitMs(int epoll_fd, epoll_event* events, int limit, int timeout_ms);

// The same for `left_ns` nanoseconds, from 0; rounded up to milliseconds where the kernel counts
// so.
int EpollWaitNs(int epoll_fd, epoll_event* events, int limit, int64_t left_ns);

}  // namespace edgewise
