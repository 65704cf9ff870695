// Wait and Notify: deadlines, signals, wake-ups from other threads, small sinks, reserved tokens.
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>

#include <atomic>
#include <thread>

#include "fixture.h"
#include "harness.h"

namespace edgewise::test {
namespace {

POLLER_TEST("a wait never ends before its deadline") {
  Fixture f(subject);
  for (int64_t wait_ns : {300000, 1, 999999, 1000000, 1500000, 20000000}) {
    int64_t deadline = MonotonicNowNs() + wait_ns;
    ReadySink sink{f.records, Fixture::kCapacity};
    CHECK_EQ(f.poller->Wait(sink, deadline), 0);
    CHECK(MonotonicNowNs() >= deadline);
    CHECK_EQ(sink.signals, 0);
  }
}

// How often this process has given up the processor of its own accord.
long SleepCount() {
  rusage usage;
  CHECK_EQ(getrusage(RUSAGE_SELF, &usage), 0);
  return usage.ru_nvcsw;
}

POLLER_TEST("a wait for less than a millisecond sleeps, it does not spin") {
  Fixture f(subject);
  constexpr int kWaits = 50;
  long slept_before = SleepCount();
  for (int i = 0; i < kWaits; i++) {
    ReadySink sink{f.records, Fixture::kCapacity};
    CHECK_EQ(f.poller->Wait(sink, MonotonicNowNs() + 900000), 0);
  }
  // Each wait sleeps, unless the machine is so busy that the deadline passes before it begins. A
  // time-out rounded down to 0 ms never sleeps.
  CHECK(SleepCount() - slept_before >= kWaits / 5);
}

std::atomic<int> signal_count{0};
std::atomic<Poller*> notified_by_signal{nullptr};

void OnAlarm(int) {
  int saved_errno = errno;
  signal_count.fetch_add(1);
  Poller* poller = notified_by_signal.load();
  if (poller != nullptr) poller->Notify();
  errno = saved_errno;
}

// SIGALRM every `interval_us` microseconds while it lives, without SA_RESTART.
class SignalStorm {
 public:
  explicit SignalStorm(int interval_us) {
    struct sigaction action {};
    action.sa_handler = OnAlarm;
    CHECK_EQ(sigaction(SIGALRM, &action, &previous_), 0);
    itimerval every{{0, interval_us}, {0, interval_us}};
    CHECK_EQ(setitimer(ITIMER_REAL, &every, nullptr), 0);
    signal_count = 0;
  }
  ~SignalStorm() {
    itimerval never{};
    setitimer(ITIMER_REAL, &never, nullptr);
    sigaction(SIGALRM, &previous_, nullptr);
    notified_by_signal = nullptr;
  }

 private:
  struct sigaction previous_;
};

POLLER_TEST("signals neither end a wait nor begin it anew") {
  Fixture f(subject);
  SignalStorm storm(1000);
  int64_t deadline = MonotonicNowNs() + 50 * kNsPerMs;
  ReadySink sink{f.records, Fixture::kCapacity};
  CHECK_EQ(f.poller->Wait(sink, deadline), 0);  // begun anew at each signal, it would never end
  CHECK(MonotonicNowNs() >= deadline);
  CHECK(signal_count.load() > 1);
}

// ThreadSanitizer keeps a handler back while its thread is in a call that it does not know to
// block, as pselect(2): without a deadline such a wait would have no end.
#ifndef __SANITIZE_THREAD__
POLLER_TEST("notify from a signal handler ends a wait without a deadline") {
  Fixture f(subject);
  notified_by_signal = f.poller.get();
  SignalStorm storm(1000);
  for (int i = 0; i < 10; i++) {
    ReadySink sink{f.records, Fixture::kCapacity};
    CHECK_EQ(f.poller->Wait(sink, kNoDeadline), 0);
    CHECK_EQ(sink.signals, ReadySink::kNotified);
  }
}
#endif

POLLER_TEST("notify before a wait ends that wait, and many are one") {
  Fixture f(subject);
  for (int i = 0; i < 1000; i++) CHECK_EQ(f.poller->Notify(), 0);
  CHECK_EQ(f.Wait(kAwaitMs), 0);
  CHECK_EQ(f.sink.signals, ReadySink::kNotified);
  CHECK_EQ(f.Wait(), 0);
  CHECK_EQ(f.sink.signals, 0);
}

POLLER_TEST("notify comes along with ready descriptors") {
  Fixture f(subject);
  Pair pair = MakeSocketPair();
  CHECK_EQ(f.Add(pair.a, 1, kInterestWritable), 0);
  CHECK_EQ(f.poller->Notify(), 0);
  uint32_t signals = 0;
  for (int i = 0; i < 3; i++) {  // a sink for one record must not starve the wake-up
    CHECK_EQ(f.Wait(kAwaitMs, 1) <= 1, true);
    signals |= f.sink.signals;
  }
  CHECK_EQ(signals, ReadySink::kNotified);
}

POLLER_TEST("no notify of four threads is lost") {
  Fixture f(subject);
  constexpr int kThreads = 4;
  constexpr int kPosts = 5000;
  std::atomic<int> posted{0};
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int i = 0; i < kThreads; i++) {
    threads.emplace_back([&] {
      for (int n = 0; n < kPosts; n++) {
        posted.fetch_add(1);
        f.poller->Notify();
      }
    });
  }
  int wake_count = 0;
  while (posted.load() < kThreads * kPosts) {
    f.Wait(kAwaitMs);
    if (!CHECK_EQ(f.sink.signals, ReadySink::kNotified)) break;
    wake_count++;
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wake_count <= kThreads * kPosts);
}

POLLER_TEST("a notify right after a wake-up is not swallowed by it") {
  Fixture f(subject);
  constexpr int kRounds = 5000;
  std::atomic<int> seen{0};
  std::thread peer([&] {
    for (int round = 0; round < kRounds; round++) {
      f.poller->Notify();
      while (seen.load() == round) std::this_thread::yield();
    }
  });
  for (int round = 0; round < kRounds; round++) {
    f.Wait(kAwaitMs);
    CHECK_EQ(f.sink.signals, ReadySink::kNotified);  // one wake-up for each of the rounds
    seen.store(round + 1);
  }
  peer.join();
  CHECK_EQ(f.Wait(), 0);
  CHECK_EQ(f.sink.signals, 0);
}

POLLER_TEST("a sink smaller than the ready descriptors serves all of them in turn") {
  Fixture f(subject);
  constexpr uint32_t kCount = 8;
  std::vector<Pair> pairs;
  for (uint32_t slot = 0; slot < kCount; slot++) {
    pairs.push_back(MakeSocketPair());
    CHECK_EQ(f.Add(pairs.back().a, slot, kInterestWritable), 0);
  }
  for (int capacity : {1, 3}) {
    int served[kCount] = {};
    for (uint32_t i = 0; i < 4 * kCount; i++) {
      f.Wait(kAwaitMs, capacity);
      for (int r = 0; r < f.sink.count; r++) served[f.records[r].slot]++;
    }
    for (int count : served) CHECK(count >= 2);
  }
}

POLLER_TEST("the host loop's token is a signal, not a record") {
  Fixture f(subject);
  Pair pair = MakeSocketPair();
  Pair other = MakeSocketPair();
  CHECK_EQ(f.poller->Add(pair.a, kHostLoopToken, kInterestReadable, Trigger::kLevel, false), 0);
  CHECK_EQ(f.Add(other.a, 1, kInterestReadable), 0);
  Put(pair.b, 1);
  Put(other.b, 1);
  uint32_t signals = 0;
  for (int i = 0; i < 2; i++) {
    f.Wait(kAwaitMs);
    signals |= f.sink.signals;
    CHECK(f.sink.count <= 1);
  }
  CHECK_EQ(signals, ReadySink::kHostLoopReady);
}

POLLER_TEST("the poller's own descriptor is readable when a wait would return") {
  Fixture f(subject);
  Pair pair = MakeSocketPair();
  CHECK_EQ(f.Add(pair.a, 1, kInterestReadable), 0);
  int fd = f.poller->Descriptor();
  if (!f.poller->capabilities().has_descriptor) {
    CHECK_EQ(fd, -ENOTSUP);
    return;
  }
  if (f.subject.is_emulated) return;
  pollfd watched{fd, POLLIN, 0};
  CHECK_EQ(poll(&watched, 1, 0), 0);
  Put(pair.b, 1);
  CHECK_EQ(poll(&watched, 1, static_cast<int>(kAwaitMs)), 1);
}

}  // namespace
}  // namespace edgewise::test
