#include "wake_timer.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "clock.h"

namespace edgewise {

WakeTimer::~WakeTimer() { Close(); }

void WakeTimer::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
  due_ = kNoDeadline;
}

// Here, and not when it is first set: numbers are given out in an order that callers see.
int WakeTimer::Open() {
  fd_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  return fd_ < 0 ? -errno : 0;
}

bool WakeTimer::SetIfRepeated(DeadlineNs deadline, int64_t now) {
  bool was_cut_short = last_deadline_ > now && last_deadline_ <= deadline;
  last_deadline_ = deadline;
  return was_cut_short && Set(deadline);
}

bool WakeTimer::Set(DeadlineNs deadline) {
  itimerspec times{};
  times.it_value = ToTimespec(deadline);
  if (timerfd_settime(fd_, TFD_TIMER_ABSTIME, &times, nullptr) < 0) return false;
  due_ = deadline;
  return true;
}

// Each time that it fires is an edge, so it is never read.
int WakeTimer::AddTo(int epoll_fd) const {
  if (fd_ < 0) return 0;
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.u64 = kWakeTimerToken.slot;
  return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd_, &event) < 0 ? -errno : 0;
}

}  // namespace edgewise
