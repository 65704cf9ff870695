// The one interface between the kernel's readiness mechanisms and everything above them.
//
// A back-end (epoll_poller.cc, kqueue_poller.cc, poll_poller.cc, select_poller.cc) implements
// `Poller`: one file per kernel mechanism, no Node headers, no text, no exceptions. Every
// function returns >= 0 or -errno. Descriptors are borrowed: no back-end closes a descriptor that
// it did not open itself.
//
// Threads: `Notify` may be called from any thread; everything else belongs to one thread.
#pragma once

#include <cerrno>
#include <cstdint>
#include <memory>

namespace edgewise {

// What a caller wants to know.
enum InterestBits : uint32_t {
  kInterestReadable = 1u << 0,
  kInterestWritable = 1u << 1,
  kInterestPriority = 1u << 2,
  kInterestReadClosed = 1u << 3,  // kInterestReadable has it with it
  kEveryInterest = 0xf,
};

// What the kernel reported. The first four have the bits of the interest that they answer.
// kReadClosed implies kReadable, kWriteClosed implies kWritable and kError implies both, as far as
// the interest has them: a read or write would not block, and it is the call that gives the reason.
enum ReadinessBits : uint32_t {
  kReadable = 1u << 0,
  kWritable = 1u << 1,
  kPriority = 1u << 2,
  kReadClosed = 1u << 3,
  kWriteClosed = 1u << 4,
  kError = 1u << 5,
};

// The bits that a registration with `interest` is reported: what it asks for, and closed and error
// bits, which no interest masks.
constexpr uint32_t ReportedOf(uint32_t interest) {
  return interest | kReadClosed | kWriteClosed | kError;
}

// Whether a registration is for reading and no writing: that the peer takes no more is nothing to
// it.
constexpr bool OnlyReads(uint32_t interest) {
  return (interest & (kInterestReadable | kInterestWritable)) == kInterestReadable;
}

// How a registration repeats. The numbers cross into TypeScript (src/poller/interest.ts).
enum class Trigger : uint32_t { kLevel = 0, kEdge = 1, kOneshot = 2, kEdgeOneshot = 3 };

constexpr bool IsOneshot(Trigger trigger) {
  return trigger == Trigger::kOneshot || trigger == Trigger::kEdgeOneshot;
}
constexpr bool IsEdge(Trigger trigger) {
  return trigger == Trigger::kEdge || trigger == Trigger::kEdgeOneshot;
}
constexpr uint32_t TriggerBit(Trigger trigger) { return 1u << static_cast<uint32_t>(trigger); }

// The caller's cookie, handed back with every event. Slots from kFirstReservedSlot on belong to
// the poller itself. A slot has 24 bits: a back-end keeps notes of its own above them.
struct Token {
  uint32_t slot;
  uint32_t generation;
};

constexpr uint32_t kSlotMask = 0xffffffu;
constexpr uint32_t kFirstReservedSlot = 0xfffff0u;
constexpr Token kWakerToken{0xffffffu, 0};
constexpr Token kHostLoopToken{0xfffffeu, 0};
constexpr Token kWakeTimerToken{0xfffffdu, 0};

// One ready descriptor, as TypeScript reads it: four u32, in this order.
struct ReadyRecord {
  uint32_t slot;
  uint32_t generation;
  uint32_t readiness;
  uint32_t detail;  // the back-end's own word: epoll events, poll revents, kqueue fflags
};
static_assert(sizeof(ReadyRecord) == 16, "TypeScript reads four u32 per record");

// Where `Wait` puts what it found: the caller's records, and the signals of the reserved tokens.
struct ReadySink {
  enum SignalBits : uint32_t { kNotified = 1u << 0, kHostLoopReady = 1u << 1 };

  ReadyRecord* records;
  int capacity;
  int count = 0;
  uint32_t signals = 0;

  bool IsFull() const { return count >= capacity; }
  void Push(Token token, uint32_t readiness, uint32_t detail) {
    if (token.slot >= kFirstReservedSlot) {
      signals |= token.slot == kWakerToken.slot ? kNotified : kHostLoopReady;
      return;
    }
    records[count++] = {token.slot, token.generation, readiness, detail};
  }
};

// What a back-end can do here: the answer to "may I ask for this trigger?".
struct Capabilities {
  uint32_t triggers;    // TriggerBit(...) of each trigger that it honours
  uint32_t interests;   // InterestBits that it can report; any other is ENOTSUP
  bool exclusive;       // EPOLLEXCLUSIVE or its like
  bool has_descriptor;  // Descriptor() is pollable, so the poller can be nested
  int fd_limit;         // descriptors must be below it; 0: no limit of its own
  bool busy_poll;       // SetBusyPoll
};

// A wait that looks at the queues of network devices before it sleeps.
struct BusyPoll {
  uint32_t usecs;   // how long; 0: not at all
  uint16_t budget;  // packets that one look takes at most
  bool prefers;     // the device's interrupts are put off meanwhile
};

// An absolute CLOCK_MONOTONIC time in nanoseconds at which `Wait` gives up.
using DeadlineNs = int64_t;
constexpr DeadlineNs kNoDeadline = INT64_MAX;
constexpr DeadlineNs kPollOnce = 0;

class Poller {
 public:
  virtual ~Poller() = default;

  virtual Capabilities capabilities() const = 0;

  // Adds `fd`. `exclusive` asks for one-of-many wake-ups among pollers that share `fd`.
  // Returns 0 or -errno, the same on every back-end. ENOTSUP: a trigger, an interest or a flag that
  // it does not have. EINVAL: exclusive with oneshot, priority or readClosed, or a descriptor
  // beyond fd_limit. EBADF: not open. EPERM: a kind of file that cannot be waited for. EEXIST:
  // already added. The kernel's own: ENOMEM, ENOSPC (max_user_watches).
  virtual int Add(int fd, Token token, uint32_t interest, Trigger trigger, bool exclusive) = 0;

  // Replaces token, interest and trigger of `fd`, and re-arms a oneshot. Interest 0 keeps only
  // hang-up and error, and reports those once.
  // Returns 0 or -errno. ENOENT: never added, whatever it is. EINVAL: added as exclusive. Otherwise
  // as Add.
  virtual int Modify(int fd, Token token, uint32_t interest, Trigger trigger) = 0;

  // Forgets `fd`. Returns 0 or -errno. ENOENT: never added. EBADF: not open; the entry is forgotten
  // all the same.
  virtual int Remove(int fd) = 0;

  // Waits until something is ready, `Notify` was called, or the deadline passed; never returns
  // early because of a signal (EINTR is handled here and only here).
  // Returns sink.count or -errno. EBADF, EINVAL: the poller itself is broken or closed.
  virtual int Wait(ReadySink& sink, DeadlineNs deadline) = 0;

  // Makes the current or the next Wait return with ReadySink::kNotified. Any thread, and
  // async-signal-safe. Returns 0 or -errno; calls before the Wait returns coalesce.
  virtual int Notify() = 0;

  // The descriptor that becomes readable when Wait would return, or -ENOTSUP.
  virtual int Descriptor() const = 0;

  // Whether `fd` is a descriptor of the poller's own: its set, its waker, its timer. A caller that
  // names one has an old number of a file that it has closed.
  virtual bool IsOwn(int fd) const = 0;

  // Drops the kernel's entries that no live registration owns (a description kept alive by a
  // duplicate after its number was closed) by building the interest set anew.
  // Returns 0, or -errno (EMFILE, ENOMEM, ENOSPC) after a rest: what it is called for is reported
  // again at once, and must not spin. Back-ends without entries that outlive the number return 0.
  virtual int Rebuild() = 0;

  // Has waits look at the queues of network devices first. Returns 0 or -errno. ENOTSUP: this
  // back-end or kernel does not. EINVAL: usecs beyond 2^31 - 1. EPERM: a budget beyond 64, without
  // CAP_NET_ADMIN.
  virtual int SetBusyPoll(const BusyPoll&) { return -ENOTSUP; }
};

// The numbers cross into TypeScript (src/native.ts).
enum class Backend : uint32_t { kEpoll = 0, kKqueue = 1, kPoll = 2, kSelect = 3 };

// Makes an open poller. On failure returns null and sets *error to -errno (ENOTSUP: this platform
// does not have the back-end). Which back-ends there are is decided in backends_<platform>.cc.
std::unique_ptr<Poller> CreatePoller(Backend backend, int* error);

// One bit per back-end of this platform (1 << Backend), and the one to prefer.
uint32_t AvailableBackends();
Backend PreferredBackend();

}  // namespace edgewise
