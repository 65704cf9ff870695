#include "wake_timer.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "clock.h"

namespace edgewise {

WakeTimer::~WakeTimer() {
  if (fd_ >= 0) close(fd_);
}

bool WakeTimer::SetIfRepeated(DeadlineNs deadline, int64_t now, int epoll_fd) {
  bool was_cut_short = last_deadline_ > now && last_deadline_ <= deadline;
  last_deadline_ = deadline;
  return was_cut_short && Set(deadline, epoll_fd);
}

// False when the kernel has no descriptor for it: the wait has a timeout then.
bool WakeTimer::Set(DeadlineNs deadline, int epoll_fd) {
  if (fd_ < 0) {
    fd_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (fd_ < 0) return false;
    if (AddTo(epoll_fd) < 0) {
      close(fd_);
      fd_ = -1;
      return false;
    }
  }
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
