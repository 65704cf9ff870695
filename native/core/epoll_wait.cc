// epoll_wait counts in milliseconds; epoll_pwait2 (Linux 5.11) takes nanoseconds. It is called
// through syscall(2), because the C library that we are built for may be older than the kernel.
#include "epoll_wait.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

#include "clock.h"
#include "epoll_poller.h"

#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441  // the same number on every architecture since Linux 5.11
#endif
namespace edgewise {
namespace {

// The argument of the system call: not the C library's timespec where that one has 32 bits.
struct KernelTimespec {
  int64_t seconds;
  int64_t nanoseconds;
};

// Set once the kernel (or a seccomp filter) has said that it has no epoll_pwait2.
std::atomic<bool> lacks_pwait2{false};

}  // namespace

int EpollWaitMs(int epoll_fd, epoll_event* events, int limit, int timeout_ms) {
  int count = epoll_wait(epoll_fd, events, limit, timeout_ms);
  return count < 0 ? -errno : count;
}

int EpollWaitNs(int epoll_fd, epoll_event* events, int limit, int64_t left_ns) {
  if (left_ns % kNsPerMs != 0 && !lacks_pwait2.load(std::memory_order_relaxed)) {
    KernelTimespec timeout{left_ns / kNsPerSecond, left_ns % kNsPerSecond};
    long count =
        syscall(SYS_epoll_pwait2, epoll_fd, events, limit, &timeout, nullptr, sizeof(uint64_t));
    if (count >= 0 || errno == EINTR) return count < 0 ? -errno : static_cast<int>(count);
    if (errno != ENOSYS && errno != EPERM) return -errno;
    lacks_pwait2.store(true, std::memory_order_relaxed);
  }
  return EpollWaitMs(epoll_fd, events, limit, CeilToMs(left_ns));
}

int CheckEpollTakes(int fd) {
  int set = epoll_create1(EPOLL_CLOEXEC);
  if (set < 0) return -errno;
  epoll_event event{};
  int result = epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
  close(set);
  return result;
}

bool HasEpollPwait2() {
  int fd = epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) return false;
  epoll_event event;
  KernelTimespec at_once{0, 0};
  long count = syscall(SYS_epoll_pwait2, fd, &event, 1, &at_once, nullptr, sizeof(uint64_t));
  close(fd);
  return count == 0;
}

}  // namespace edgewise
