// Makes the epoll(7) back-end; see epoll_poller.cc.
#pragma once

#include "poller.h"

namespace edgewise {

// Returns null and sets *error to -errno when the kernel gives no descriptor (EMFILE, ENFILE).
std::unique_ptr<Poller> CreateEpollPoller(int* error);

// Whether waits have nanosecond deadlines here (Linux 5.11, and no seccomp filter against it).
bool HasEpollPwait2();

// Whether an epoll set takes `fd`: asks one. Returns 0 or -errno.
int CheckEpollTakes(int fd);

}  // namespace edgewise
