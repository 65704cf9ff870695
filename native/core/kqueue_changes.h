// What kevent(2) is asked to change for one descriptor: which filters an interest takes, with which
// flags. kqueue_poller.cc submits it, and says which facts of the kernels are behind it.
#pragma once

#include <errno.h>
#include <limits.h>

#include <algorithm>

#include "kqueue_platform.h"
#include "poller.h"

namespace edgewise {

constexpr int kFilterMax = 3;
// The changes of one operation on one descriptor, answered one by one. The read filter is always
// the first of the deletions and the first of the additions.
class ChangeList {
 public:
  void Push(const struct kevent& change) {
    changes_[count_] = change;
    changes_[count_++].flags |= EV_RECEIPT;
  }

  // Returns 0 or -errno (ENOMEM, EBADF of the kqueue itself).
  int Submit(int kqueue_fd) {
    timespec at_once{0, 0};
    int answered = kevent(kqueue_fd, changes_, count_, changes_, count_, &at_once);
    if (answered < 0 && errno != EINTR) return -errno;
    for (int i = std::max(answered, 0); i < count_; i++) changes_[i].data = 0;
    return 0;
  }

  // What became of change `index`: 0 or -errno.
  int ResultOf(int index) const { return -static_cast<int>(changes_[index].data); }
  KernelFilter FilterOf(int index) const { return changes_[index].filter; }
  int count() const { return count_; }

 private:
  struct kevent changes_[2 * kFilterMax];
  int count_ = 0;
};

// What is watched of a descriptor, and what of it decides which filters that takes.
struct Watched {
  int fd;
  uint32_t interest;
  bool is_socket;
};

// A filter that only reports the end, at a low water mark that is never reached.
inline struct kevent EndChange(int fd, KernelFilter filter, unsigned flags) {
  return MakeChange(fd, filter, flags, NOTE_LOWAT, INT_MAX);
}

inline unsigned WatchFlags(unsigned flags) {
  return (flags & ~static_cast<unsigned>(EV_DISPATCH)) | EV_CLEAR;
}

inline struct kevent ReadChange(const Watched& what, unsigned flags) {
  if (what.interest & kInterestReadable) return MakeChange(what.fd, EVFILT_READ, flags, 0, 0);
  // Pipes may ignore the mark, and would report their data without end.
  bool repeats = (what.interest & kInterestReadClosed) != 0 && what.is_socket;
  return EndChange(what.fd, EVFILT_READ, repeats ? flags : WatchFlags(flags));
}

inline void PushAll(const Watched& what, unsigned flags, ChangeList* changes) {
  const int fd = what.fd;
  const uint32_t interest = what.interest;
  changes->Push(ReadChange(what, flags));
  if (interest & kInterestWritable) {
    changes->Push(MakeChange(fd, EVFILT_WRITE, flags, 0, 0));
  } else if (what.is_socket && (interest & kInterestReadable) == 0) {
    changes->Push(EndChange(fd, EVFILT_WRITE, WatchFlags(flags)));
  }
  if (interest & kInterestPriority) {
    changes->Push(MakeChange(fd, kExceptFilter, flags, kNoteOutOfBand, 0));
  }
}

inline unsigned FlagsOf(Trigger trigger) {
  unsigned flags = EV_ADD | EV_ENABLE;
  if (IsEdge(trigger)) flags |= EV_CLEAR;
  if (IsOneshot(trigger)) flags |= EV_DISPATCH;
  return flags;
}

}  // namespace edgewise
