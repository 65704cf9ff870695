// Signals as readiness, by the self-pipe technique: the handler notes the signal and writes a byte
// to the pipe of each watch; the reactor reads the pipe like any other descriptor.
//
// A handler that was there before (libuv's, behind process.on) is called after ours, so both are
// called. A later sigaction(2) of other code replaces ours: call Reassert then.
//
// signalfd(2) is no way out: it needs the signal blocked in every thread of the process, and
// Node's own threads do not block it. See sigaction(2), signal-safety(7).
#pragma once

#include <cstdint>

#include "waker.h"

namespace edgewise {

class SignalWatch {
 public:
  SignalWatch() = default;
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;
  ~SignalWatch();

  // Makes the pipe and enters this watch in the process's table.
  // Returns 0 or -errno. EAGAIN: too many watches in this process (64).
  int Open();

  // The descriptor to watch for reading, level-triggered.
  int fd() const { return pipe_.read_fd(); }

  // Watches signal number `signum` (1..64). Returns 0 or -errno. EINVAL: SIGKILL, SIGSTOP, or no
  // signal of this system.
  int Add(int signum);

  // Stops watching. The disposition from before comes back when no watch of the process is left.
  int Remove(int signum);

  // Empties the pipe and returns the signals noted since: bit signum - 1. Like the kernel's own
  // pending set, it does not count how often each came.
  uint64_t Take();

  // Puts our handler back in front of one that was installed after it. Returns 0 or -errno.
  static int Reassert(int signum);

 private:
  PipeWaker pipe_;
  int index_ = -1;
  uint64_t watched_ = 0;
};

}  // namespace edgewise
