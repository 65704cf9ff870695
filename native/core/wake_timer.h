// A timerfd(2) in an epoll set, in place of timeouts.
//
// A wait with a timeout starts a timer in the kernel and takes it back, each time. Where events are
// frequent and deadlines far (idle timeouts, or whatever timer Node has of its own) that is work
// for nothing: one timer in the set covers all waits until it fires. It is set when events have cut
// a wait with a deadline short and the next deadline is no earlier. Deadlines that are reached, or
// that move towards now, are left to timeouts.
#pragma once

#include "poller.h"

namespace edgewise {

// Belongs to one set, and to one thread.
class WakeTimer {
 public:
  WakeTimer() = default;
  WakeTimer(const WakeTimer&) = delete;
  WakeTimer& operator=(const WakeTimer&) = delete;
  ~WakeTimer();

  // Returns 0 or -errno: EMFILE, ENFILE.
  int Open();

  // Gives its descriptor back, until it is opened again: waits are left to timeouts meanwhile.
  void Close();

  int fd() const { return fd_; }

  // Whether the set wakes up at `deadline` or before, without a timeout.
  bool FiresBy(DeadlineNs deadline) const { return due_ != kNoDeadline && due_ <= deadline; }

  // Takes note of a wait until `deadline`, and sets the timer to it if that pays. Returns whether
  // it did. `now`: CLOCK_MONOTONIC, in nanoseconds.
  bool SetIfRepeated(DeadlineNs deadline, int64_t now);

  // To be called for each event with kWakeTimerToken.
  void OnFired() { due_ = kNoDeadline; }

  // Puts it into a set, unless it is closed. Returns 0 or -errno, as epoll_ctl(2).
  int AddTo(int epoll_fd) const;

 private:
  bool Set(DeadlineNs deadline);

  int fd_ = -1;
  DeadlineNs due_ = kNoDeadline;
  DeadlineNs last_deadline_ = kNoDeadline;
};

}  // namespace edgewise
