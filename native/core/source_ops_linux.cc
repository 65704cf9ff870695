// timerfd_create(2), inotify(7), pidfd_open(2) as Linux has them. The calls on processes go through
// syscall(2): the C library that we are built for may be older than they are (glibc 2.36).
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "clock.h"
#include "result.h"
#include "source_ops.h"

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424  // since Linux 5.1; calls that new have one number everywhere
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434  // since Linux 5.3
#endif

namespace edgewise::sys {

int TimerfdCreate(int clock, int flags) {
  return Result(timerfd_create(clock, flags | TFD_CLOEXEC));
}

int TimerfdSettime(int fd, int flags, int64_t first_ns, int64_t interval_ns) {
  itimerspec times{};
  times.it_value = ToTimespec(first_ns);
  times.it_interval = ToTimespec(interval_ns);
  return Result(timerfd_settime(fd, flags, &times, nullptr));
}

int InotifyInit1(int flags) { return Result(inotify_init1(flags | IN_CLOEXEC)); }

int InotifyAddWatch(int fd, const char* path, uint32_t mask) {
  return Result(inotify_add_watch(fd, path, mask));
}

int InotifyRmWatch(int fd, int watch) { return Result(inotify_rm_watch(fd, watch)); }

int PidfdOpen(int pid, unsigned flags) { return Result(syscall(SYS_pidfd_open, pid, flags)); }

int PidfdSendSignal(int pidfd, int signum, unsigned flags) {
  return Result(syscall(SYS_pidfd_send_signal, pidfd, signum, nullptr, flags));
}

int Reopen(int fd, int flags) {
  int mode = Result(fcntl(fd, F_GETFL));
  if (mode < 0) return mode;
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  return Result(open(path, (mode & O_ACCMODE) | flags | O_CLOEXEC | O_NOCTTY));
}

}  // namespace edgewise::sys
