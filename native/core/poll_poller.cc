// poll(2), on every platform: the interest set is copied into the kernel at each wait, so a wait
// costs as much as there are descriptors. Facts that shape this file:
//
// - POLLERR, POLLHUP and POLLNVAL cannot be masked, but a negative descriptor is passed over: that
//   is how a oneshot that has fired, and a paused watch after its hang-up was reported, are kept
//   quiet.
// - It has no edges: what it reports is the state now. `Trigger::kEdge` is ENOTSUP.
// - It goes by number. One that was closed behind our back (POLLNVAL), or that stands for another
//   file by now, is reported once, as an error.
// - POLLRDHUP exists on Linux and FreeBSD only, and only when asked for.
#include <errno.h>
#include <poll.h>

#include "classic_pollers.h"
#include "clock.h"
#include "waker.h"
#include "watch_table.h"

#ifndef POLLRDHUP
#define POLLRDHUP 0
#endif

namespace edgewise {
namespace {

constexpr uint32_t kInterests = kInterestReadable | kInterestWritable | kInterestPriority |
                                (POLLRDHUP != 0 ? kInterestReadClosed : 0u);

short ToPoll(uint32_t interest) {
  short events = 0;
  if (interest & kInterestReadable) events |= POLLIN | POLLRDHUP;
  if (interest & kInterestReadClosed) events |= POLLRDHUP;
  if (interest & kInterestWritable) events |= POLLOUT;
  if (interest & kInterestPriority) events |= POLLPRI;
  return events;
}

uint32_t ToReadiness(short revents, const Watch& watch) {
  uint32_t readiness = 0;
  if (revents & POLLIN) readiness |= kReadable;
  if (revents & POLLOUT) readiness |= kWritable;
  if (revents & POLLPRI) readiness |= kPriority;
  if (revents & POLLRDHUP) readiness |= kReadClosed | kReadable;
  if (revents & POLLHUP) readiness |= kReadClosed | kWriteClosed | kReadable | kWritable;
  if (revents & (POLLERR | POLLNVAL)) readiness |= kError | kReadable | kWritable;
  // The error of a pipe that is written to is that its last reader has gone.
  bool is_written_pipe = watch.file.pipe_end != 0 && !OnlyReads(watch.interest);
  if ((revents & POLLERR) != 0 && is_written_pipe) readiness |= kWriteClosed;
  return readiness & ReportedOf(watch.interest);
}

class PollPoller final : public Poller {
 public:
  int Open() { return waker_.Open(); }

  Capabilities capabilities() const override {
    return {TriggerBit(Trigger::kLevel) | TriggerBit(Trigger::kOneshot),
            kInterests,
            false,
            false,
            0,
            false};
  }

  int Add(int fd, Token token, uint32_t interest, Trigger trigger, bool exclusive) override {
    if (exclusive || (interest & ~kInterests) != 0) return -ENOTSUP;
    return table_.Add(fd, token, interest, trigger);
  }

  int Modify(int fd, Token token, uint32_t interest, Trigger trigger) override {
    if ((interest & ~kInterests) != 0) return -ENOTSUP;
    return table_.Modify(fd, token, interest, trigger);
  }

  int Remove(int fd) override { return table_.Remove(fd); }

  int Wait(ReadySink& sink, DeadlineNs deadline) override {
    Prepare();
    int ready = PollUntil(deadline);
    if (ready < 0) return ready;
    if (poll_fds_.back().revents != 0) {
      waker_.Drain();
      sink.Push(kWakerToken, kReadable, 0);
      ready--;
    }
    size_t index = table_.start();
    for (size_t seen = 0; seen < table_.size() && ready > 0 && !sink.IsFull(); seen++) {
      if (poll_fds_[index].revents != 0) {
        Report(index, sink);
        ready--;
      }
      if (++index == table_.size()) index = 0;
    }
    return sink.count;
  }

  int Notify() override { return waker_.Wake(); }
  int Descriptor() const override { return -ENOTSUP; }
  bool IsOwn(int fd) const override { return waker_.IsOwn(fd); }
  int Rebuild() override { return 0; }

 private:
  void Prepare() {
    poll_fds_.resize(table_.size() + 1);
    for (size_t i = 0; i < table_.size(); i++) {
      const Watch& watch = table_[i];
      poll_fds_[i] = {watch.is_armed ? watch.fd : -1, ToPoll(watch.interest), 0};
    }
    poll_fds_.back() = {waker_.read_fd(), POLLIN, 0};
  }

  int PollUntil(DeadlineNs deadline) {
    for (;;) {
      int timeout_ms = deadline == kNoDeadline ? -1 : CeilToMs(RemainingNs(deadline));
      int ready = poll(poll_fds_.data(), static_cast<nfds_t>(poll_fds_.size()), timeout_ms);
      if (ready > 0) return ready;
      if (ready < 0 && errno != EINTR) return -errno;
      if (deadline != kNoDeadline && RemainingNs(deadline) == 0) return 0;
    }
  }

  void Report(size_t index, ReadySink& sink) {
    Watch& watch = table_[index];
    short revents = poll_fds_[index].revents;
    bool is_gone = (revents & POLLNVAL) != 0 || !WatchTable::IsSameFile(watch);
    uint32_t readiness = ToReadiness(is_gone ? POLLNVAL : revents, watch);
    sink.Push(watch.token, readiness, static_cast<uint16_t>(revents));
    if (watch.FiresOnce() || is_gone) watch.is_armed = false;
    table_.StartAfter(index);
  }

  PipeWaker waker_;
  WatchTable table_;
  std::vector<pollfd> poll_fds_;  // one per watch, in the table's order, then the waker
};

}  // namespace

std::unique_ptr<Poller> CreatePollPoller(int* error) {
  auto poller = std::make_unique<PollPoller>();
  *error = poller->Open();
  if (*error < 0) return nullptr;
  return poller;
}

}  // namespace edgewise
