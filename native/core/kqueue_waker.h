// Makes a waiting kevent(2) return, from any thread. One of two files is built, chosen in
// binding.gyp and CMakeLists.txt: kqueue_waker_user.cc where EVFILT_USER has been in every release
// that is still alive (macOS, FreeBSD), kqueue_waker_pipe.cc elsewhere (OpenBSD got the filter
// only lately, NetBSD with its release 10).
#pragma once

#include "kqueue_platform.h"
#include "waker.h"

namespace edgewise {

class KqueueWaker {
 public:
  // Registers with `kqueue_fd`, which it borrows. Returns 0 or -errno.
  int Open(int kqueue_fd);

  // Any thread, async-signal-safe; wake-ups before the wait returns coalesce. Returns 0 or -errno.
  int Wake();

  // Whether `event` is a wake-up; if so it is taken, so that the next wait blocks again.
  bool Take(const struct kevent& event);

  bool IsOwn(int fd) const { return pipe_.IsOwn(fd); }

 private:
  int kqueue_fd_ = -1;
  PipeWaker pipe_;  // open only where there is no EVFILT_USER
};

}  // namespace edgewise
