// The thread that waits in the owner's place: what it reports, and how often.
#include "wait_thread.h"

#include <atomic>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>

#include "clock.h"
#include "harness.h"
#include "waker.h"

namespace edgewise::test {
namespace {

// A thread on the read end of a pipe, whose reports come through another pipe.
struct Watched {
  PipeWaker watched;
  PipeWaker reported;
  std::atomic<int> report_count{0};
  WaitThread thread;

  Watched() {
    CHECK_EQ(watched.Open(), 0);
    CHECK_EQ(reported.Open(), 0);
    CHECK_EQ(thread.Start(watched.read_fd(), OnReport, this), 0);
  }
  ~Watched() { thread.Stop(); }

  static void OnReport(void* data) {
    auto* self = static_cast<Watched*>(data);
    self->report_count++;
    self->reported.Wake();
  }

  // Whether a report comes within `timeout_ms`.
  bool HasReport(int timeout_ms) {
    pollfd fds{reported.read_fd(), POLLIN, 0};
    bool has = poll(&fds, 1, timeout_ms) == 1;
    reported.Drain();
    return has;
  }
};

constexpr int kSoonMs = 5000;
constexpr int kShortMs = 20;

TEST("WaitThread: reports once per arming, however long the descriptor is readable") {
  Watched w;
  w.watched.Wake();
  CHECK(!w.HasReport(kShortMs));
  for (int round = 1; round <= 100; round++) {
    w.thread.Arm(kNoDeadline);
    CHECK(w.HasReport(kSoonMs));
    CHECK_EQ(w.report_count, round);
  }
  CHECK(!w.HasReport(kShortMs));
}

TEST("WaitThread: reports when it cannot wait, and does not try without end") {
  Watched w;
  rlimit before;
  CHECK_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit one = {1, before.rlim_max};  // poll(2) of two descriptors is EINVAL
  CHECK_EQ(setrlimit(RLIMIT_NOFILE, &one), 0);
  w.thread.Arm(kNoDeadline);
  CHECK(w.HasReport(kSoonMs));
  CHECK_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  CHECK(!w.HasReport(kShortMs));
  CHECK_EQ(w.report_count, 1);
}

#ifdef __GLIBC__
TEST("WaitThread: a thread that cannot be made is EAGAIN, and a start can be tried again") {
  PipeWaker watched;
  CHECK_EQ(watched.Open(), 0);
  pthread_attr_t before, immense;
  CHECK_EQ(pthread_getattr_default_np(&before), 0);
  pthread_attr_init(&immense);
  pthread_attr_setstacksize(&immense, size_t{1} << 50);  // more than there are addresses
  CHECK_EQ(pthread_setattr_default_np(&immense), 0);
  WaitThread thread;
  CHECK_EQ(thread.Start(
               watched.read_fd(), [](void*) {}, nullptr),
           -EAGAIN);
  CHECK(!thread.is_running());
  CHECK_EQ(pthread_setattr_default_np(&before), 0);
  CHECK_EQ(thread.Start(
               watched.read_fd(), [](void*) {}, nullptr),
           0);
  CHECK(thread.is_running());
  thread.Stop();
  CHECK_EQ(thread.Start(
               watched.read_fd(), [](void*) {}, nullptr),
           0);
  pthread_attr_destroy(&before);
  pthread_attr_destroy(&immense);
}
#endif

TEST("WaitThread: reports what comes while it waits") {
  Watched w;
  for (int round = 0; round < 100; round++) {
    w.thread.Arm(kNoDeadline);
    w.watched.Wake();
    CHECK(w.HasReport(kSoonMs));
    w.watched.Drain();
  }
  CHECK_EQ(w.report_count, 100);
}

TEST("WaitThread: reports at its deadline, not before, and an earlier one ends a wait") {
  Watched w;
  w.thread.Arm(MonotonicNowNs() + 3600 * kNsPerSecond);
  CHECK(!w.HasReport(kShortMs));
  DeadlineNs deadline = MonotonicNowNs() + 5 * kNsPerMs;
  w.thread.Arm(deadline);
  CHECK(w.HasReport(kSoonMs));
  CHECK(MonotonicNowNs() >= deadline);
  w.thread.Arm(kPollOnce);
  CHECK(w.HasReport(kSoonMs));
}

TEST("WaitThread: reports nothing when it is disarmed, or has ended") {
  Watched w;
  w.thread.Arm(kNoDeadline);
  w.thread.Disarm();
  w.watched.Wake();
  CHECK(!w.HasReport(kShortMs));
  w.thread.LookAnew();
  w.thread.Arm(kNoDeadline);
  CHECK(w.HasReport(kSoonMs));
  w.thread.Arm(MonotonicNowNs() + 3600 * kNsPerSecond);
  w.thread.Stop();
  w.thread.Stop();
  int count = w.report_count;
  CHECK(!w.thread.is_running());
  w.HasReport(0);
  CHECK(!w.HasReport(kShortMs));
  CHECK_EQ(w.report_count, count);
}

}  // namespace
}  // namespace edgewise::test
