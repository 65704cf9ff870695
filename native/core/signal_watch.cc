// The handler runs on whichever thread the kernel picks, at any moment. It touches lock-free
// atomics and write(2) only, and never sees a watch that is being taken apart: `entries` counts
// the handlers inside, and a watch leaves its slot and then waits for them to leave.
#include "signal_watch.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>

#include <atomic>
#include <mutex>

namespace edgewise {
namespace {

constexpr int kWatchMax = 64;
constexpr int kSignalMax = 64;

// One watch as the handler sees it.
struct Slot {
  std::atomic<PipeWaker*> pipe{nullptr};
  std::atomic<uint64_t> watched{0};
  std::atomic<uint64_t> pending{0};
};

// The disposition from before ours, as two lock-free halves (struct sigaction is no atomic).
struct Previous {
  std::atomic<void (*)(int)> handler{nullptr};
  std::atomic<void (*)(int, siginfo_t*, void*)> action{nullptr};
};

Slot slots[kWatchMax];
Previous previous[kSignalMax + 1];
std::atomic<int> entries{0};
static_assert(std::atomic<uint64_t>::is_always_lock_free, "a signal handler must not take a lock");

// Guards what follows, and every change of a disposition.
std::mutex mutex;
int watch_counts[kSignalMax + 1];
struct sigaction saved[kSignalMax + 1];

uint64_t BitOf(int signum) { return uint64_t{1} << (signum - 1); }

void OnSignal(int signum, siginfo_t* info, void* context) {
  int saved_errno = errno;
  entries.fetch_add(1);
  for (Slot& slot : slots) {
    PipeWaker* pipe = slot.pipe.load();
    if (pipe == nullptr || (slot.watched.load() & BitOf(signum)) == 0) continue;
    slot.pending.fetch_or(BitOf(signum));
    pipe->Wake();
  }
  entries.fetch_sub(1);
  auto action = previous[signum].action.load();
  auto handler = previous[signum].handler.load();
  if (action != nullptr) {
    action(signum, info, context);
  } else if (handler != nullptr) {
    handler(signum);
  }
  errno = saved_errno;
}

bool IsOurs(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == OnSignal;
}

// SIG_DFL is not chained: to be notified instead of being ended is why one watches a signal. The
// same goes for a handler with SA_RESETHAND: Node's own for SIGINT and SIGTERM raises the signal
// again, for the default action that the kernel would have put back, and under ours it would never
// end.
void Chain(int signum, const struct sigaction& action) {
  bool is_lasting = (action.sa_flags & SA_RESETHAND) == 0;
  bool takes_info = is_lasting && (action.sa_flags & SA_SIGINFO) != 0;
  bool is_function = is_lasting && action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN;
  previous[signum].action.store(takes_info ? action.sa_sigaction : nullptr);
  previous[signum].handler.store(!takes_info && is_function ? action.sa_handler : nullptr);
}

int Install(int signum) {
  struct sigaction current;
  if (sigaction(signum, nullptr, &current) < 0) return -errno;
  if (IsOurs(current)) return 0;
  Chain(signum, current);
  saved[signum] = current;
  struct sigaction ours {};
  ours.sa_sigaction = OnSignal;
  ours.sa_flags = SA_SIGINFO | SA_RESTART;
  sigfillset(&ours.sa_mask);
  return sigaction(signum, &ours, nullptr) < 0 ? -errno : 0;
}

void Restore(int signum) {
  struct sigaction current;
  if (sigaction(signum, nullptr, &current) == 0 && IsOurs(current)) {
    sigaction(signum, &saved[signum], nullptr);
  }
}

}  // namespace

SignalWatch::~SignalWatch() {
  if (index_ < 0) return;
  for (int signum = 1; signum <= kSignalMax; signum++) {
    if ((watched_ & BitOf(signum)) != 0) Remove(signum);
  }
  slots[index_].pipe.store(nullptr);
  while (entries.load() != 0) sched_yield();  // a handler on another thread may hold the pipe
}

int SignalWatch::Open() {
  int result = pipe_.Open();
  if (result < 0) return result;
  std::lock_guard<std::mutex> lock(mutex);
  for (int i = 0; i < kWatchMax; i++) {
    if (slots[i].pipe.load() != nullptr) continue;
    slots[i].watched.store(0);
    slots[i].pending.store(0);
    slots[i].pipe.store(&pipe_);
    index_ = i;
    return 0;
  }
  return -EAGAIN;
}

int SignalWatch::Add(int signum) {
  if (signum < 1 || signum > kSignalMax) return -EINVAL;
  std::lock_guard<std::mutex> lock(mutex);
  if ((watched_ & BitOf(signum)) != 0) return 0;
  int result = Install(signum);
  if (result < 0) return result;
  watched_ |= BitOf(signum);
  slots[index_].watched.store(watched_);
  watch_counts[signum]++;
  return 0;
}

int SignalWatch::Remove(int signum) {
  if (signum < 1 || signum > kSignalMax) return -EINVAL;
  std::lock_guard<std::mutex> lock(mutex);
  if ((watched_ & BitOf(signum)) == 0) return 0;
  watched_ &= ~BitOf(signum);
  slots[index_].watched.store(watched_);
  if (--watch_counts[signum] == 0) Restore(signum);
  return 0;
}

uint64_t SignalWatch::Take() {
  pipe_.Drain();  // before the bits: a signal in between leaves a byte and is found next time
  return slots[index_].pending.exchange(0);
}

int SignalWatch::Reassert(int signum) {
  if (signum < 1 || signum > kSignalMax) return -EINVAL;
  std::lock_guard<std::mutex> lock(mutex);
  return watch_counts[signum] == 0 ? 0 : Install(signum);
}

}  // namespace edgewise
