// The timer in an epoll set, in place of timeouts.
#include "wake_timer.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"
#include "fixture.h"
#include "harness.h"

namespace edgewise::test {
namespace {

struct EpollSet {
  Fd fd{epoll_create1(EPOLL_CLOEXEC)};

  // The data of the one event that comes within `timeout_ms`; 0: none.
  uint64_t Wait(int timeout_ms) const {
    epoll_event event{};
    int count;
    do {
      count = epoll_wait(fd, &event, 1, timeout_ms);
    } while (count < 0 && errno == EINTR);
    return count == 1 ? event.data.u64 : 0;
  }
};

int64_t In(int64_t ms) { return MonotonicNowNs() + ms * kNsPerMs; }

TEST("wake timer: is set for a deadline that was cut short, not for one seen once") {
  EpollSet set;
  WakeTimer timer;
  CHECK_EQ(timer.Open(), 0);
  CHECK_EQ(timer.AddTo(set.fd), 0);
  DeadlineNs deadline = In(20);
  CHECK(!timer.FiresBy(deadline));
  CHECK(!timer.SetIfRepeated(deadline, MonotonicNowNs()));
  CHECK(!timer.FiresBy(deadline));
  CHECK(timer.SetIfRepeated(deadline, MonotonicNowNs()));
  CHECK(timer.FiresBy(deadline));
  CHECK(timer.FiresBy(deadline + 1));
  CHECK(timer.FiresBy(kNoDeadline));
  CHECK(!timer.FiresBy(deadline - 1));
  CHECK_EQ(set.Wait(-1), kWakeTimerToken.slot);
  CHECK(MonotonicNowNs() >= deadline);
  CHECK_EQ(set.Wait(0), 0);
  timer.OnFired();
  CHECK(!timer.FiresBy(kNoDeadline));
}

TEST("wake timer: is not set for deadlines that were reached, or that move towards now") {
  EpollSet set;
  WakeTimer timer;
  CHECK_EQ(timer.Open(), 0);
  CHECK_EQ(timer.AddTo(set.fd), 0);
  int64_t now = MonotonicNowNs();
  CHECK(!timer.SetIfRepeated(now + kNsPerMs, now));
  CHECK(!timer.SetIfRepeated(now + 2 * kNsPerMs, now + kNsPerMs));  // the first is reached
  CHECK(!timer.SetIfRepeated(now + 2 * kNsPerMs - 1, now + kNsPerMs));
  CHECK(!timer.FiresBy(kNoDeadline));
  CHECK(timer.SetIfRepeated(now + 2 * kNsPerMs, now + kNsPerMs));
}

TEST("wake timer: an earlier deadline takes its place, and it fires again and again") {
  EpollSet set;
  WakeTimer timer;
  CHECK_EQ(timer.Open(), 0);
  CHECK_EQ(timer.AddTo(set.fd), 0);
  DeadlineNs far = In(60000);
  timer.SetIfRepeated(far, MonotonicNowNs());
  CHECK(timer.SetIfRepeated(far, MonotonicNowNs()));
  for (int i = 0; i < 3; i++) {
    DeadlineNs near = In(5);
    CHECK(!timer.FiresBy(near));
    timer.SetIfRepeated(near, MonotonicNowNs());
    CHECK(timer.SetIfRepeated(near, MonotonicNowNs()));
    CHECK_EQ(set.Wait(5000), kWakeTimerToken.slot);
    CHECK(MonotonicNowNs() >= near);
    timer.OnFired();
  }
}

TEST("wake timer: fires in each set that it is in") {
  EpollSet first, second;
  WakeTimer timer;
  CHECK_EQ(timer.Open(), 0);
  CHECK_EQ(timer.AddTo(first.fd), 0);
  DeadlineNs deadline = In(10);
  timer.SetIfRepeated(deadline, MonotonicNowNs());
  CHECK(timer.SetIfRepeated(deadline, MonotonicNowNs()));
  CHECK_EQ(timer.AddTo(second.fd), 0);
  CHECK_EQ(timer.AddTo(second.fd), -EEXIST);
  CHECK_EQ(timer.AddTo(-1), -EBADF);
  CHECK_EQ(second.Wait(5000), kWakeTimerToken.slot);
}

TEST("wake timer: without a descriptor for it there is none") {
  rlimit before;
  CHECK_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none{0, before.rlim_max};
  CHECK_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  WakeTimer timer;
  CHECK_EQ(timer.Open(), -EMFILE);
  CHECK_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
}

}  // namespace
}  // namespace edgewise::test
