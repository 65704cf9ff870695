// poll(2), ppoll(2), select(2) and pselect(2), for a program that wants to see them one by one
// (src/sys/poll.ts, src/sys/select.ts). The Poller does not go through here.
//
// `struct pollfd` is the same on every system, so JavaScript reads and writes it in place. An
// fd_set is not: a set of JavaScript has bit `fd % 8` of byte `fd / 8`, and is copied into one and
// back. Where the call failed nothing is copied back: the kernel may leave its sets undefined then.
#include <errno.h>
#include <signal.h>
#include <sys/select.h>
#include <sys/time.h>

#include "addon.h"
#include "arrays.h"
#include "clock.h"
#include "ppoll.h"
#include "result.h"

namespace edgewise {
namespace {

static_assert(sizeof(pollfd) == 8 && offsetof(pollfd, fd) == 0 && offsetof(pollfd, events) == 4 &&
                  offsetof(pollfd, revents) == 6,
              "src/sys/poll.ts lays its entries out so");
static_assert(FD_SETSIZE % 8 == 0, "src/sys/select.ts has whole bytes");

constexpr int kNsPerUs = 1000;

// The entries at `index`, and how many of them to use, at `index` + 1.
template <size_t kCount>
bool EntriesAt(const Args<kCount>& args, size_t index, pollfd** out, int* count) {
  Bytes memory;
  if (!args.WholeBytes(index, &memory) || !args.Fd(index + 1, count) ||
      memory.length / sizeof(pollfd) < static_cast<size_t>(*count) ||
      reinterpret_cast<uintptr_t>(memory.data) % alignof(pollfd) != 0) {
    return false;
  }
  *out = reinterpret_cast<pollfd*>(memory.data);
  return true;
}

// Milliseconds, -1 (no limit) or 0 to 2^31 - 1; in nanoseconds, rounded up.
template <size_t kCount>
bool TimeoutAt(const Args<kCount>& args, size_t index, bool* has_limit, int64_t* out_ns) {
  double timeout_ms;
  if (!args.Double(index, &timeout_ms) ||
      !(timeout_ms == -1 || (timeout_ms >= 0 && timeout_ms <= INT32_MAX))) {
    return false;
  }
  *has_limit = timeout_ms >= 0;
  *out_ns = *has_limit ? static_cast<int64_t>(std::ceil(timeout_ms * kNsPerMs)) : 0;
  return true;
}

// What replaces the signal mask of the thread during a call: an Int32Array of signals, or
// undefined.
class Mask {
 public:
  template <size_t kCount>
  bool Collect(const Args<kCount>& args, size_t index) {
    if (args.IsUndefined(index)) return true;
    int32_t* signals;
    size_t count;
    if (!Int32sAt(args, index, 0, &signals, &count)) return false;
    is_present_ = true;
    sigemptyset(&set_);
    for (size_t i = 0; i < count; i++) {
      if (sigaddset(&set_, signals[i]) != 0) has_unknown_ = true;
    }
    return true;
  }

  // There is a signal in it that this system does not have.
  bool has_unknown() const { return has_unknown_; }
  const sigset_t* get() const { return is_present_ ? &set_ : nullptr; }

 private:
  sigset_t set_;
  bool is_present_ = false;
  bool has_unknown_ = false;
};

// A set of descriptors of JavaScript as select(2) takes it, or undefined, which gives null.
class DescriptorSet {
 public:
  template <size_t kCount>
  bool Collect(const Args<kCount>& args, size_t index, int limit) {
    if (args.IsUndefined(index)) return true;
    Bytes memory;
    if (!args.WholeBytes(index, &memory) || memory.length < FD_SETSIZE / 8) return false;
    bytes_ = memory.data;
    limit_ = limit;
    FD_ZERO(&set_);
    for (int fd = 0; fd < limit; fd++) {
      if (Has(fd)) FD_SET(fd, &set_);
    }
    return true;
  }

  fd_set* get() { return bytes_ == nullptr ? nullptr : &set_; }

  // Leaves only what the call has left.
  void CopyBack() {
    if (bytes_ == nullptr) return;
    for (int fd = 0; fd < limit_; fd++) {
      if (Has(fd) && !FD_ISSET(fd, &set_)) bytes_[fd / 8] &= static_cast<uint8_t>(~BitOf(fd));
    }
  }

 private:
  static int BitOf(int fd) { return 1 << (fd % 8); }
  bool Has(int fd) const { return (bytes_[fd / 8] & BitOf(fd)) != 0; }

  uint8_t* bytes_ = nullptr;
  int limit_ = 0;
  fd_set set_;
};

// The first four arguments of select and pselect.
struct Sets {
  int limit = 0;
  DescriptorSet readable;
  DescriptorSet writable;
  DescriptorSet exceptional;

  template <size_t kCount>
  bool Collect(const Args<kCount>& args) {
    return args.Fd(0, &limit) && limit <= FD_SETSIZE && readable.Collect(args, 1, limit) &&
           writable.Collect(args, 2, limit) && exceptional.Collect(args, 3, limit);
  }

  int Finish(int result) {
    if (result < 0) return result;
    readable.CopyBack();
    writable.CopyBack();
    exceptional.CopyBack();
    return result;
  }
};

// (entries, nfds, timeoutMs).
int Poll(const Args<3>& args) {
  pollfd* entries;
  int count, timeout_ms;
  if (!EntriesAt(args, 0, &entries, &count) || !args.Int32(2, &timeout_ms) || timeout_ms < -1) {
    return kRefused;
  }
  return Result(poll(entries, static_cast<nfds_t>(count), timeout_ms));
}

// (entries, nfds, timeoutMs, signals).
int Ppoll(const Args<4>& args) {
  pollfd* entries;
  int count;
  bool has_limit;
  int64_t timeout_ns;
  Mask mask;
  if (!EntriesAt(args, 0, &entries, &count) || !TimeoutAt(args, 2, &has_limit, &timeout_ns) ||
      !mask.Collect(args, 3)) {
    return kRefused;
  }
  if (mask.has_unknown()) return -EINVAL;
  timespec timeout = ToTimespec(timeout_ns);
  return sys::Ppoll(entries, static_cast<size_t>(count), has_limit ? &timeout : nullptr,
                    mask.get());
}

// (nfds, readfds, writefds, exceptfds, timeoutMs).
int Select(const Args<5>& args) {
  Sets sets;
  bool has_limit;
  int64_t timeout_ns;
  if (!sets.Collect(args) || !TimeoutAt(args, 4, &has_limit, &timeout_ns)) return kRefused;
  timeval timeout;
  timeout.tv_sec = static_cast<time_t>(timeout_ns / kNsPerSecond);
  timeout.tv_usec = static_cast<suseconds_t>((timeout_ns % kNsPerSecond + kNsPerUs - 1) / kNsPerUs);
  if (timeout.tv_usec == kNsPerSecond / kNsPerUs) {
    timeout.tv_sec++;
    timeout.tv_usec = 0;
  }
  return sets.Finish(Result(select(sets.limit, sets.readable.get(), sets.writable.get(),
                                   sets.exceptional.get(), has_limit ? &timeout : nullptr)));
}

// (nfds, readfds, writefds, exceptfds, timeoutMs, signals).
int Pselect(const Args<6>& args) {
  Sets sets;
  bool has_limit;
  int64_t timeout_ns;
  Mask mask;
  if (!sets.Collect(args) || !TimeoutAt(args, 4, &has_limit, &timeout_ns) ||
      !mask.Collect(args, 5)) {
    return kRefused;
  }
  if (mask.has_unknown()) return -EINVAL;
  timespec timeout = ToTimespec(timeout_ns);
  return sets.Finish(
      Result(pselect(sets.limit, sets.readable.get(), sets.writable.get(), sets.exceptional.get(),
                     has_limit ? &timeout : nullptr, mask.get())));
}

constexpr Function kFunctions[] = {
    {"poll", Call<Poll>},
    {"ppoll", Call<Ppoll>},
    {"select", Call<Select>},
    {"pselect", Call<Pselect>},
};

}  // namespace

void InitPoll(Napi::Object exports) { DefineFunctions(exports, kFunctions); }

}  // namespace edgewise
