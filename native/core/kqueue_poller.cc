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
//   water mark that is never reached (pipes may ignore it) and EV_CLEAR. So has the write filter of
//   a socket that is neither read nor written: a hang-up is the end of both.
// - kqueue accepts regular files and directories; epoll has EPERM for them, and so have we.
// - A pipe without a reader is refused by some (EPIPE) and reported by others. It is always added
//   here, and reported.
// - With EV_RECEIPT each change is answered in its place, and no event is taken out.
// - EINTR comes after the change list was applied (kevent(2), FreeBSD): that is success.
// - The time-out is a timespec; kernels refuse or clip very long ones, so a day is the limit.
#include "kqueue_poller.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "clock.h"
#include "kqueue_changes.h"
#include "kqueue_merge.h"
#include "kqueue_platform.h"
#include "kqueue_waker.h"

namespace edgewise {
namespace {

constexpr int64_t kWaitMaxNs = 86400 * kNsPerSecond;

FilterEvent Translate(const struct kevent& event) {
  Filter filter = Filter::kExcept;
  if (event.filter == EVFILT_READ) filter = Filter::kRead;
  if (event.filter == EVFILT_WRITE) filter = Filter::kWrite;
  bool is_error = (event.flags & EV_ERROR) != 0;
  return {static_cast<int>(event.ident),       filter,
          (event.flags & EV_EOF) != 0,         is_error ? static_cast<uint32_t>(event.data) : 0,
          static_cast<uint32_t>(event.fflags), static_cast<int64_t>(event.data)};
}

constexpr uint32_t kInterests = kHasExceptFilter
                                    ? static_cast<uint32_t>(kEveryInterest)
                                    : kEveryInterest & ~static_cast<uint32_t>(kInterestPriority);

// Returns 0, or -errno: EBADF, and EPERM for what is always ready.
int CheckKind(int fd, bool* is_socket) {
  struct stat status;
  if (fstat(fd, &status) < 0) return errno == EBADF ? -EBADF : 0;
  *is_socket = S_ISSOCK(status.st_mode);
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
    return {kEveryTrigger, kInterests, false, true, 0, false};
  }

  int Add(int fd, Token token, uint32_t interest, Trigger trigger, bool exclusive) override {
    if (exclusive || (interest & ~kInterests) != 0) return -ENOTSUP;
    Watched what{fd, interest, false};
    int result = CheckKind(fd, &what.is_socket);
    if (Find(fd) != nullptr) {
      if (result == 0 && HasKnote(fd)) return -EEXIST;
      Forget(fd);  // closed behind our back: whatever has the number now is another file
    }
    if (result < 0) return result;
    ChangeList changes;
    PushAll(what, FlagsOf(trigger), &changes);
    return Install(what, token, trigger, &changes, 0);
  }

  int Modify(int fd, Token token, uint32_t interest, Trigger trigger) override {
    if ((interest & ~kInterests) != 0) return -ENOTSUP;
    KqueueEntry* entry = Find(fd);
    if (entry == nullptr) return fcntl(fd, F_GETFD) < 0 ? -EBADF : -ENOENT;
    ChangeList changes;
    PushAll(Of(fd, *entry), EV_DELETE, &changes);
    int deleted_count = changes.count();
    Watched what{fd, interest, entry->is_socket};
    PushAll(what, FlagsOf(trigger), &changes);
    return Install(what, token, trigger, &changes, deleted_count);
  }

  int Remove(int fd) override {
    KqueueEntry* entry = Find(fd);
    if (entry == nullptr) return fcntl(fd, F_GETFD) < 0 ? -EBADF : -ENOENT;
    Watched what = Of(fd, *entry);
    Forget(fd);
    return DeleteKnotes(what);
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
  static Watched Of(int fd, const KqueueEntry& entry) {
    return {fd, entry.interest, entry.is_socket};
  }

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
    struct kevent probe = ReadChange(Of(fd, entry), entry.is_armed ? EV_ENABLE : EV_DISABLE);
    int result = kevent(kqueue_fd_, &probe, 1, nullptr, 0, nullptr);
    return result == 0 || (errno != ENOENT && errno != EBADF);
  }

  // Submits the changes, of which the first `deleted_count` delete what was there, and keeps the
  // registration. If one cannot be made, none is left.
  int Install(const Watched& what, Token token, Trigger trigger, ChangeList* changes,
              int deleted_count) {
    const int fd = what.fd;
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
      DeleteKnotes(what);  // a failed deletion has its answer in `result` already
      return result;
    }
    if (static_cast<size_t>(fd) >= entries_.size()) entries_.resize(fd * size_t{2} + 64);
    KqueueEntry& entry = entries_[fd];
    entry.token = token;
    entry.interest = what.interest;
    entry.is_socket = what.is_socket;
    entry.trigger = trigger;
    entry.is_used = entry.is_armed = true;
    entry.is_broken = is_broken;
    if (is_broken) broken_.push_back(fd);
    return 0;
  }

  // Returns what became of the read knote, which every registration has: 0 or -errno.
  int DeleteKnotes(const Watched& what) {
    ChangeList changes;
    PushAll(what, EV_DELETE, &changes);
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
