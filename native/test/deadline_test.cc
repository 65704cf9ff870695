// Deadlines that outlive waits: what cuts a wait short must not move the end of a later one. (The
// epoll back-end keeps a timer between waits: wake_timer.h.)
#include <errno.h>

#include <atomic>
#include <thread>

#include "fixture.h"
#include "harness.h"

namespace edgewise::test {
namespace {

// Waits for `deadline`, each time cut short, often enough for a back-end to take note.
void CutShort(Fixture& f, DeadlineNs deadline) {
  for (int i = 0; i < 3; i++) {
    CHECK_EQ(f.poller->Notify(), 0);
    ReadySink sink{f.records, Fixture::kCapacity};
    CHECK_EQ(f.poller->Wait(sink, deadline), 0);
    CHECK_EQ(sink.signals, ReadySink::kNotified);
  }
}

// Waits for `deadline`, with nothing else to come, and answers when it was over.
int64_t WaitAlone(Fixture& f, DeadlineNs deadline) {
  ReadySink sink{f.records, Fixture::kCapacity};
  CHECK_EQ(f.poller->Wait(sink, deadline), 0);
  CHECK_EQ(sink.signals, 0);
  return MonotonicNowNs();
}

POLLER_TEST("a deadline holds after waits that were cut short") {
  Fixture f(subject);
  DeadlineNs deadline = MonotonicNowNs() + 30 * kNsPerMs;
  CutShort(f, deadline);
  CHECK(WaitAlone(f, deadline) >= deadline);
  CHECK(WaitAlone(f, deadline) >= deadline);  // it has passed
}

POLLER_TEST("an earlier deadline of waits before ends no later wait") {
  Fixture f(subject);
  DeadlineNs first = MonotonicNowNs() + 10 * kNsPerMs;
  CutShort(f, first);
  CHECK(WaitAlone(f, first + 30 * kNsPerMs) >= first + 30 * kNsPerMs);
}

POLLER_TEST("a later deadline of waits before holds up no earlier one") {
  Fixture f(subject);
  DeadlineNs far = MonotonicNowNs() + 60 * kNsPerSecond;
  CutShort(f, far);
  DeadlineNs near = MonotonicNowNs() + 10 * kNsPerMs;
  int64_t end = WaitAlone(f, near);
  CHECK(end >= near && end < far);
  CutShort(f, MonotonicNowNs() + 20 * kNsPerMs);
  CutShort(f, far);
  DeadlineNs again = MonotonicNowNs() + 5 * kNsPerMs;
  end = WaitAlone(f, again);
  CHECK(end >= again && end < far);
}

POLLER_TEST("a deadline of waits before ends no wait without one") {
  Fixture f(subject);
  DeadlineNs deadline = MonotonicNowNs() + 10 * kNsPerMs;
  CutShort(f, deadline);
  std::atomic<bool> is_notified{false};
  std::thread notifier([&] {
    while (MonotonicNowNs() < deadline + 20 * kNsPerMs) std::this_thread::yield();
    is_notified = true;
    f.poller->Notify();
  });
  ReadySink sink{f.records, Fixture::kCapacity};
  CHECK_EQ(f.poller->Wait(sink, kNoDeadline), 0);
  CHECK_EQ(sink.signals, ReadySink::kNotified);
  CHECK(is_notified);
  notifier.join();
}

POLLER_TEST("a deadline that has passed takes no place from what is ready") {
  Fixture f(subject);
  Pair pair = MakeSocketPair();
  CHECK_EQ(f.Add(pair.a, 1, kInterestReadable, Trigger::kLevel), 0);
  DeadlineNs deadline = MonotonicNowNs() + kNsPerMs;
  CutShort(f, deadline);
  while (MonotonicNowNs() < deadline + kNsPerMs) std::this_thread::yield();
  Put(pair.b, 1);
  CHECK_EQ(f.Wait(0, 1), 1);
}

POLLER_TEST("a deadline holds when the set was built anew") {
  Fixture f(subject);
  DeadlineNs deadline = MonotonicNowNs() + 30 * kNsPerMs;
  CutShort(f, deadline);
  CHECK_EQ(f.poller->Rebuild(), 0);
  f.Wait();  // a new set may report an old wake-up once more
  CHECK(WaitAlone(f, deadline) >= deadline);
}

}  // namespace
}  // namespace edgewise::test
