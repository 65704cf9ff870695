// kqueue(2): macOS, FreeBSD, NetBSD, OpenBSD. Facts about the kernels that shape this file:
//
// - Filters are numbers, not bits: reading and writing are two knotes on one descriptor, changed
//   and reported apart. kqueue_merge.h puts them together again.
// - EV_ADD on a knote that exists does not say so, and FreeBSD does not change its EV_CLEAR or
//   EV_DISPATCH. Modify therefore deletes and adds, which also looks at the descriptor anew, as
//   EPOLL_CTL_MOD does. The table here knows what was added.
// - close(2) drops the knotes of the number, even while a duplicate keeps the file open: there are
//   no ghosts, and a knote that has gone is how a recycled number shows itself (ENOENT).
// - EV_DISPATCH quiets one filter, not its sibling. A oneshot sets it on both, and the table drops
//   what the sibling still reports, at most once, before Modify.
// - There is always a read knote. Without interest in reading it only watches for the end: a low
//   water mark that is never reached (pipes may ignore it) and EV_CLEAR. So the end of the read
//   side is reported to every registration, once; epoll reports it only to those that want to read.
// - kqueue accepts regular files and directories; epoll has EPERM for them, and so have we.
// - A pipe without a reader is refused by some (EPIPE) and reported by others. It is always added
//   here, and reported.
// - With EV_RECEIPT each change is answered in its place, and no event is taken out.
// - EINTR comes after the change list was applied (kevent(2), FreeBSD): that is success.
// - The time-out is a timespec; kernels refuse or clip very long ones, so a day is the limit.
#include "kqueue_poller.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "clock.h"
#include "kqueue_merge.h"
#include "kqueue_platform.h"
#include "kqueue_waker.h"

namespace edgewise {
namespace {

constexpr int kFilterMax = 3;
constexpr int64_t kWaitMaxNs = 86400 * kNsPerSecond;

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

struct kevent ReadChange(int fd, uint32_t interest, unsigned flags) {
  if (interest & kInterestReadable) return MakeChange(fd, EVFILT_READ, flags, 0, 0);
  unsigned watch_flags = (flags & ~static_cast<unsigned>(EV_DISPATCH)) | EV_CLEAR;
  return MakeChange(fd, EVFILT_READ, watch_flags, NOTE_LOWAT, INT_MAX);
}

void PushAll(int fd, uint32_t interest, unsigned flags, ChangeList* changes) {
  changes->Push(ReadChange(fd, interest, flags));
  if (interest & kInterestWritable) changes->Push(MakeChange(fd, EVFILT_WRITE, flags, 0, 0));
  if (interest & kInterestPriority) {
    changes->Push(MakeChange(fd, kExceptFilter, flags, kNoteOutOfBand, 0));
  }
}

unsigned FlagsOf(Trigger trigger) {
  unsigned flags = EV_ADD | EV_ENABLE;
  if (IsEdge(trigger)) flags |= EV_CLEAR;
  if (IsOneshot(trigger)) flags |= EV_DISPATCH;
  return flags;
}

FilterEvent Translate(const struct kevent& event) {
  Filter filter = Filter::kExcept;
  if (event.filter == EVFILT_READ) filter = Filter::kRead;
  if (event.filter == EVFILT_WRITE) filter = Filter::kWrite;
  bool is_error = (event.flags & EV_ERROR) != 0;
  return {static_cast<int>(event.ident),       filter,
          (event.flags & EV_EOF) != 0,         is_error ? static_cast<uint32_t>(event.data) : 0,
          static_cast<uint32_t>(event.fflags), static_cast<int64_t>(event.data)};
}

// Returns 0, or -errno: EBADF, and EPERM for what is always ready.
int CheckKind(int fd) {
  struct stat status;
  if (fstat(fd, &status) < 0) return errno == EBADF ? -EBADF : 0;
  return S_ISREG(status.st_mode) || S_ISDIR(status.st_mode) ? -EPERM : 0;
}

class KqueuePoller final : public Poller {
 public:
  ~KqueuePoller() override {
    if (kqueue_fd_ >= 0) close(kqueue_fd_);
  }

  int Open() {
    kqueue_fd_ = kqueue();
    if (kqueue_fd_ < 0) return -errno;
    // A child of fork(2) does not inherit a kqueue, but an exec(2) without fork does.
    if (fcntl(kqueue_fd_, F_SETFD, FD_CLOEXEC) < 0) return -errno;
    return waker_.Open(kqueue_fd_);
  }

  Capabilities capabilities() const override {
    constexpr uint32_t kEveryTrigger = 0xf;
    return {kEveryTrigger, false, true, 0};
  }

  int Add(int fd, Token token, uint32_t interest, Trigger trigger, bool exclusive) override {
    if (exclusive || ((interest & kInterestPriority) != 0 && !kHasExceptFilter)) return -ENOTSUP;
    int result = CheckKind(fd);
    if (Find(fd) != nullptr) {
      if (result == 0 && HasKnote(fd)) return -EEXIST;
      Forget(fd);  // closed behind our back: whatever has the number now is another file
    }
    if (result < 0) return result;
    ChangeList changes;
    PushAll(fd, interest, FlagsOf(trigger), &changes);
    return Install(fd, token, interest, trigger, &changes, 0);
  }

  int Modify(int fd, Token token, uint32_t interest, Trigger trigger) override {
    if ((interest & kInterestPriority) != 0 && !kHasExceptFilter) return -ENOTSUP;
    KqueueEntry* entry = Find(fd);
    if (entry == nullptr) return fcntl(fd, F_GETFD) < 0 ? -EBADF : -ENOENT;
    ChangeList changes;
    PushAll(fd, entry->interest, EV_DELETE, &changes);
    int deleted_count = changes.count();
    PushAll(fd, interest, FlagsOf(trigger), &changes);
    return Install(fd, token, interest, trigger, &changes, deleted_count);
  }

  int Remove(int fd) override {
    KqueueEntry* entry = Find(fd);
    if (entry == nullptr) return fcntl(fd, F_GETFD) < 0 ? -EBADF : -ENOENT;
    uint32_t interest = entry->interest;
    Forget(fd);
    return DeleteKnotes(fd, interest);
  }

  int Wait(ReadySink& sink, DeadlineNs deadline) override {
    wait_number_++;
    if (static_cast<size_t>(sink.capacity) > batch_.size()) batch_.resize(sink.capacity);
    for (;;) {
      int64_t left = !broken_.empty() ? 0 : RemainingNs(deadline);
      timespec timeout = ToTimespec(std::min(left, kWaitMaxNs));
      int count = kevent(kqueue_fd_, nullptr, 0, batch_.data(), sink.capacity,
                         deadline == kNoDeadline && broken_.empty() ? nullptr : &timeout);
      if (count < 0 && errno != EINTR) return -errno;
      for (int i = 0; i < count; i++) Take(batch_[i], sink);
      TakeBroken(sink);
      if (sink.count > 0 || sink.signals != 0) return sink.count;
      // Nothing, or only what no registration wants: what is left of the time is waited for.
      if (deadline != kNoDeadline && RemainingNs(deadline) == 0 && count >= 0) return 0;
    }
  }

  int Notify() override { return waker_.Wake(); }
  int Descriptor() const override { return kqueue_fd_; }
  bool IsOwn(int fd) const override { return fd == kqueue_fd_ || waker_.IsOwn(fd); }
  int Rebuild() override { return 0; }

 private:
  KqueueEntry* Find(int fd) {
    bool is_known = fd >= 0 && static_cast<size_t>(fd) < entries_.size() && entries_[fd].is_used;
    return is_known ? &entries_[fd] : nullptr;
  }

  void Forget(int fd) {
    if (entries_[fd].is_broken) broken_.erase(std::find(broken_.begin(), broken_.end(), fd));
    entries_[fd] = KqueueEntry{};
  }

  // Asks the kernel whether the registered number still is what was added. A change without EV_ADD
  // cannot make a knote; it repeats what is set already, so it alters none either. An edge may
  // be reported once more, which an edge-triggered reader has to tolerate anyway.
  bool HasKnote(int fd) {
    const KqueueEntry& entry = entries_[fd];
    struct kevent probe = ReadChange(fd, entry.interest, entry.is_armed ? EV_ENABLE : EV_DISABLE);
    int result = kevent(kqueue_fd_, &probe, 1, nullptr, 0, nullptr);
    return result == 0 || (errno != ENOENT && errno != EBADF);
  }

  // Submits the changes, of which the first `deleted_count` delete what was there, and keeps the
  // registration. If one cannot be made, none is left.
  int Install(int fd, Token token, uint32_t interest, Trigger trigger, ChangeList* changes,
              int deleted_count) {
    int result = changes->Submit(kqueue_fd_);
    if (result < 0) return result;
    if (deleted_count > 0) {
      Forget(fd);
      result = changes->ResultOf(0);  // ENOENT, EBADF: it was closed behind our back
    }
    bool is_broken = false;
    for (int i = deleted_count; i < changes->count() && result == 0; i++) {
      result = changes->ResultOf(i);
      if (result == -EPIPE) {
        is_broken = true;
        result = 0;
      }
      // EINVAL, ENODEV, ENOTSUP: a kind of file without this filter.
      if (result == -EINVAL || result == -ENODEV || result == -ENOTSUP) result = -EPERM;
    }
    if (result < 0) {
      DeleteKnotes(fd, interest);  // a failed deletion has its answer in `result` already
      return result;
    }
    if (static_cast<size_t>(fd) >= entries_.size()) entries_.resize(fd * size_t{2} + 64);
    KqueueEntry& entry = entries_[fd];
    entry.token = token;
    entry.interest = interest;
    entry.trigger = trigger;
    entry.is_used = entry.is_armed = true;
    entry.is_broken = is_broken;
    if (is_broken) broken_.push_back(fd);
    return 0;
  }

  // Returns what became of the read knote, which every registration has: 0 or -errno.
  int DeleteKnotes(int fd, uint32_t interest) {
    ChangeList changes;
    PushAll(fd, interest, EV_DELETE, &changes);
    int result = changes.Submit(kqueue_fd_);
    return result < 0 ? result : changes.ResultOf(0);
  }

  void Take(const struct kevent& event, ReadySink& sink) {
    if (waker_.Take(event)) {
      sink.Push(kWakerToken, kReadable, 0);
      return;
    }
    KqueueEntry* entry = Find(static_cast<int>(event.ident));
    if (entry != nullptr) MergeEvent(*entry, Translate(event), wait_number_, sink);
  }

  // Reports to the writers of pipes without a reader, which the kernel refused to watch.
  void TakeBroken(ReadySink& sink) {
    for (size_t i = 0; i < broken_.size();) {
      int fd = broken_[i];
      KqueueEntry& entry = entries_[fd];
      bool is_reported =
          MergeEvent(entry, {fd, Filter::kWrite, true, 0, EPIPE, 0}, wait_number_, sink);
      if (is_reported && (entry.trigger != Trigger::kLevel || entry.interest == 0)) {
        entry.is_broken = false;
        broken_.erase(broken_.begin() + static_cast<std::ptrdiff_t>(i));
      } else {
        i++;
      }
    }
  }

  int kqueue_fd_ = -1;
  KqueueWaker waker_;
  uint64_t wait_number_ = 0;
  std::vector<KqueueEntry> entries_;  // by descriptor number
  std::vector<int> broken_;           // the numbers of the entries that are broken
  std::vector<struct kevent> batch_;  // as long as the largest wait asked for
};

}  // namespace

std::unique_ptr<Poller> CreateKqueuePoller(int* error) {
  auto poller = std::make_unique<KqueuePoller>();
  *error = poller->Open();
  if (*error < 0) return nullptr;
  return poller;
}

}  // namespace edgewise
