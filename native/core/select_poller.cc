// select(2), on every platform: three sets of bits, copied in and out at each wait. Facts that
// shape this file:
//
// - A descriptor from FD_SETSIZE on (1024) lies outside the sets: writing its bit would write past
//   them. Add refuses it with EINVAL.
// - It reports readable, writable and exceptional, nothing else: a hang-up shows as readable, an
//   error as readable and writable. So closed and error bits never come from this back-end, a
//   paused watch (interest 0) gets nothing, and readClosed alone is ENOTSUP.
// - One closed descriptor fails the whole wait with EBADF: it is looked for, reported once as
//   an error, and left out from then on. So is a number that stands for another file by now.
// - It has no edges: `Trigger::kEdge` is ENOTSUP.
#include <errno.h>
#include <fcntl.h>
#include <sys/select.h>

#include <algorithm>

#include "classic_pollers.h"
#include "clock.h"
#include "waker.h"
#include "watch_table.h"

namespace edgewise {
namespace {

// What is reported of a descriptor that is not the one that was added any more.
constexpr uint32_t kGone = kError | kReadable | kWritable;

constexpr uint32_t kInterests = kInterestReadable | kInterestWritable | kInterestPriority;

class SelectPoller final : public Poller {
 public:
  int Open() {
    int result = waker_.Open();
    return result == 0 && waker_.read_fd() >= FD_SETSIZE ? -EMFILE : result;
  }

  Capabilities capabilities() const override {
    constexpr uint32_t kTriggers = TriggerBit(Trigger::kLevel) | TriggerBit(Trigger::kOneshot);
    return {kTriggers, kInterests, false, false, FD_SETSIZE, false};
  }

  int Add(int fd, Token token, uint32_t interest, Trigger trigger, bool exclusive) override {
    if (exclusive || (interest & ~kInterests) != 0) return -ENOTSUP;
    return fd >= FD_SETSIZE ? -EINVAL : table_.Add(fd, token, interest, trigger);
  }

  int Modify(int fd, Token token, uint32_t interest, Trigger trigger) override {
    if ((interest & ~kInterests) != 0) return -ENOTSUP;
    return fd >= FD_SETSIZE ? -EINVAL : table_.Modify(fd, token, interest, trigger);
  }

  int Remove(int fd) override { return table_.Remove(fd); }

  int Wait(ReadySink& sink, DeadlineNs deadline) override {
    int ready = SelectUntil(deadline);
    if (ready == -EBADF) return ReportClosed(sink);
    if (ready <= 0) return ready;
    if (FD_ISSET(waker_.read_fd(), &readable_)) {
      waker_.Drain();
      sink.Push(kWakerToken, kReadable, 0);
    }
    size_t index = table_.start();
    for (size_t seen = 0; seen < table_.size() && !sink.IsFull(); seen++) {
      uint32_t readiness = ReadinessOf(table_[index]);
      if (readiness != 0) Report(index, readiness, sink);
      if (++index == table_.size()) index = 0;
    }
    return sink.count;
  }

  int Notify() override { return waker_.Wake(); }
  int Descriptor() const override { return -ENOTSUP; }
  bool IsOwn(int fd) const override { return waker_.IsOwn(fd); }
  int Rebuild() override { return 0; }

 private:
  // Fills the three sets and returns the highest descriptor + 1.
  int Prepare() {
    FD_ZERO(&readable_);
    FD_ZERO(&writable_);
    FD_ZERO(&exceptional_);
    FD_SET(waker_.read_fd(), &readable_);
    int highest = waker_.read_fd();
    for (size_t i = 0; i < table_.size(); i++) {
      const Watch& watch = table_[i];
      if (!watch.is_armed) continue;
      if (watch.interest & kInterestReadable) FD_SET(watch.fd, &readable_);
      if (watch.interest & kInterestWritable) FD_SET(watch.fd, &writable_);
      if (watch.interest & kInterestPriority) FD_SET(watch.fd, &exceptional_);
      if (watch.interest != 0) highest = std::max(highest, watch.fd);
    }
    return highest + 1;
  }

  int SelectUntil(DeadlineNs deadline) {
    for (;;) {
      int limit = Prepare();  // select leaves the sets undefined after EINTR
      timespec timeout = ToTimespec(deadline == kNoDeadline ? 0 : RemainingNs(deadline));
      int ready = pselect(limit, &readable_, &writable_, &exceptional_,
                          deadline == kNoDeadline ? nullptr : &timeout, nullptr);
      if (ready > 0) return ready;
      if (ready < 0 && errno != EINTR) return -errno;
      if (deadline != kNoDeadline && RemainingNs(deadline) == 0) return 0;
    }
  }

  uint32_t ReadinessOf(const Watch& watch) const {
    if (!watch.is_armed) return 0;
    uint32_t readiness = 0;
    if (FD_ISSET(watch.fd, &readable_)) readiness |= kReadable;
    if (FD_ISSET(watch.fd, &writable_)) readiness |= kWritable;
    if (FD_ISSET(watch.fd, &exceptional_)) readiness |= kPriority;
    return readiness;
  }

  void Report(size_t index, uint32_t readiness, ReadySink& sink) {
    Watch& watch = table_[index];
    bool is_gone = !WatchTable::IsSameFile(watch);
    sink.Push(watch.token, (is_gone ? kGone : readiness) & ReportedOf(watch.interest), readiness);
    if (watch.FiresOnce() || is_gone) watch.is_armed = false;
    table_.StartAfter(index);
  }

  int ReportClosed(ReadySink& sink) {
    for (size_t i = 0; i < table_.size() && !sink.IsFull(); i++) {
      Watch& watch = table_[i];
      if (!watch.is_armed || fcntl(watch.fd, F_GETFD) >= 0) continue;
      sink.Push(watch.token, kGone & ReportedOf(watch.interest), EBADF);
      watch.is_armed = false;
    }
    return sink.count;
  }

  PipeWaker waker_;
  WatchTable table_;
  fd_set readable_;
  fd_set writable_;
  fd_set exceptional_;
};

}  // namespace

std::unique_ptr<Poller> CreateSelectPoller(int* error) {
  auto poller = std::make_unique<SelectPoller>();
  *error = poller->Open();
  if (*error < 0) return nullptr;
  return poller;
}

}  // namespace edgewise
