// epoll(7), Linux. Facts about the kernel that shape this file:
//
// - An entry belongs to the pair (open file description, number). Closing the number does not end
//   it while a duplicate keeps the description open, and EPOLL_CTL_DEL then has no number to name:
//   such a ghost goes on firing. Rebuild() is the only sure cure.
// - EPOLLERR and EPOLLHUP cannot be masked. Interest 0 is therefore armed as EPOLLONESHOT, so that
//   a hang-up that no one handles is reported once and does not spin.
// - EPOLLEXCLUSIVE allows neither EPOLL_CTL_MOD nor EPOLLONESHOT, EPOLLRDHUP or EPOLLPRI. A MOD
//   that carries it is EINVAL whatever is there; without it, EINVAL is an entry that carries it.
//   Interest 0 is armed as EPOLLET there, which reports a hang-up once as well.
// - An event says which bits are set, not which were asked for: the cookie carries the interest.
// - EPOLLERR of a pipe that is written to says that its last reader has gone, EPOLLERR of a socket
//   that an error is pending: the cookie also says which it is.
// - What cannot be polled is EPERM before the set is looked at, so for MOD and DEL it is ENOENT
// here.
// - A counter in an eventfd fires a new edge at each write, so the waker is never read.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <optional>
#include <unordered_map>
#include <vector>

#include "clock.h"
#include "epoll_busy_poll.h"
#include "epoll_events.h"
#include "epoll_poller.h"
#include "epoll_wait.h"
#include "file_identity.h"
#include "wake_timer.h"

namespace edgewise {
namespace {

// How long a rebuild that has failed rests.
constexpr int kRestMs = 10;

class EpollPoller final : public Poller {
 public:
  ~EpollPoller() override {
    if (epoll_fd_ >= 0) close(epoll_fd_);
    if (event_fd_ >= 0) close(event_fd_);
  }

  int Open() {
    epoll_fd_ = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd_ < 0) return -errno;
    event_fd_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (event_fd_ < 0) return -errno;
    int result = wake_timer_.Open();
    if (result == 0) result = wake_timer_.AddTo(epoll_fd_);
    if (result < 0) return result;
    return Control(EPOLL_CTL_ADD, event_fd_, EPOLLIN | EPOLLET, Pack(kWakerToken));
  }

  Capabilities capabilities() const override {
    constexpr uint32_t kEveryTrigger = 0xf;
    return {kEveryTrigger, kEveryInterest, true, true, 0, HasBusyPoll(epoll_fd_)};
  }

  int Add(int fd, Token token, uint32_t interest, Trigger trigger, bool exclusive) override {
    uint32_t events = ToEpoll(interest, trigger);
    if (exclusive) {
      constexpr uint32_t kForbidden = kInterestPriority | kInterestReadClosed;
      if (IsOneshot(trigger) || (interest & kForbidden) != 0) return -EINVAL;
      if (interest == 0) events = EPOLLET;
      events = (events & ~static_cast<uint32_t>(EPOLLRDHUP)) | EPOLLEXCLUSIVE;
    }
    Kind kind = KindFor(interest, fd, Kind::kUnknown);
    uint64_t data = Cookie(token, interest, kind);
    int result = Control(EPOLL_CTL_ADD, fd, events, data);
    if (result < 0) return result;
    // The kernel took the number as new, so what was added under it is open elsewhere, or gone.
    if (Entry* entry = Find(fd)) entry->may_have_ghost |= entry->events != 0;
    Remember(fd, events, data, kind);
    return 0;
  }

  int Modify(int fd, Token token, uint32_t interest, Trigger trigger) override {
    Entry* entry = Find(fd);
    if (entry != nullptr && (entry->events & EPOLLEXCLUSIVE) != 0) return -EINVAL;
    if (entry != nullptr && !StandsForWhatWasAdded(fd)) {
      return fcntl(fd, F_GETFD) < 0 ? -errno : -ENOENT;
    }
    Kind kind = KindFor(interest, fd, entry == nullptr ? Kind::kUnknown : entry->kind);
    uint32_t events = ToEpoll(interest, trigger);
    uint64_t data = Cookie(token, interest, kind);
    int result = Control(EPOLL_CTL_MOD, fd, events, data);
    if (result == 0) Remember(fd, events, data, kind);
    return result == -EPERM ? -ENOENT : result;
  }

  int Remove(int fd) override {
    int result = Control(EPOLL_CTL_DEL, fd, 0, 0);
    if (Entry* entry = Find(fd)) {
      if (result == 0 && !StandsForWhatWasAdded(fd)) result = -ENOENT;  // it has removed a ghost
      bool may_stay = entry->may_have_ghost || (entry->events != 0 && result < 0);
      *entry = Entry{0, may_stay, Kind::kUnknown, 0};
    }
    return result == -EPERM ? -ENOENT : result;
  }

  int Wait(ReadySink& sink, DeadlineNs deadline) override {
    if (static_cast<size_t>(sink.capacity) > batch_.size()) batch_.resize(sink.capacity);
    for (;;) {
      int count = WaitOnce(sink.capacity, deadline);
      if (count == -EINTR) continue;
      if (count < 0) return count;
      Collect(sink, count);
      if (sink.count > 0 || sink.signals != 0) return sink.count;
      if (count == sink.capacity) continue;  // the timer has taken the place of an event
      if (deadline != kNoDeadline && RemainingNs(deadline) == 0) return 0;
    }
  }

  int Notify() override {
    uint64_t one = 1;
    while (write(event_fd_, &one, sizeof one) < 0) {
      if (errno == EAGAIN) return 0;  // 2^64 - 2 wake-ups unread: it stays readable
      if (errno != EINTR) return -errno;
    }
    return 0;
  }

  int SetBusyPoll(const BusyPoll& busy_poll) override {
    int result = ApplyBusyPoll(epoll_fd_, busy_poll);
    if (result == 0) busy_poll_ = busy_poll;
    return result;
  }

  int Descriptor() const override { return epoll_fd_; }
  bool IsOwn(int fd) const override {
    return fd == epoll_fd_ || fd == event_fd_ || fd == wake_timer_.fd();
  }

  // Makes a new interest set under the old number, so that a watcher of this poller's
  // descriptor keeps the number (but must register it again: the description is a new one). On
  // failure the old set stays in place. A oneshot that has fired is armed again, since nothing
  // shows that it has. Where no descriptor is left the wake timer gives its own, and gets it back.
  int Rebuild() override {
    int fresh = epoll_create1(EPOLL_CLOEXEC);
    bool is_short = fresh < 0 && (errno == EMFILE || errno == ENFILE);
    if (is_short) {
      wake_timer_.Close();
      fresh = epoll_create1(EPOLL_CLOEXEC);
    }
    int result = fresh < 0 ? -errno : Replace(fresh, !is_short);
    // Without a timer a wait has its timeout, which costs more and is as good.
    if (is_short && wake_timer_.Open() == 0 && wake_timer_.AddTo(epoll_fd_) < 0) {
      wake_timer_.Close();
    }
    if (result < 0) poll(nullptr, 0, kRestMs);
    return result;
  }

 private:
  enum class Kind : uint8_t { kUnknown, kPipe, kOther };

  // What Rebuild needs to know of one descriptor. events is never 0 for an entry in use.
  struct Entry {
    uint32_t events = 0;
    // The kernel may hold another entry under this number, of a file that had it before.
    bool may_have_ghost = false;
    Kind kind = Kind::kUnknown;
    uint64_t data = 0;
  };

  // Fills a new set with all that is registered, and puts it in place of the old one. Takes
  // `fresh`.
  int Replace(int fresh, bool has_timer) {
    int result = ControlIn(fresh, EPOLL_CTL_ADD, event_fd_, EPOLLIN | EPOLLET, Pack(kWakerToken));
    if (result == 0 && has_timer) result = wake_timer_.AddTo(fresh);
    if (result == 0 && busy_poll_) result = ApplyBusyPoll(fresh, *busy_poll_);
    for (size_t i = 0; result == 0 && i < entries_.size(); i++) {
      Entry& entry = entries_[i];
      if (entry.events == 0) continue;
      int fd = static_cast<int>(i);
      if (!IsOwn(fd) && StandsForWhatWasAdded(fd) && HasEntryFor(fd)) {
        result = ControlIn(fresh, EPOLL_CTL_ADD, fd, entry.events, entry.data);
      } else {
        entry.events = 0;
      }
    }
    if (result == 0 && dup3(fresh, epoll_fd_, O_CLOEXEC) < 0) result = -errno;
    close(fresh);
    if (result == 0) ForgetGhosts();
    return result;
  }

  // Whether `fd` is a pipe; not asked of what is only read, where it does not matter.
  static Kind KindFor(uint32_t interest, int fd, Kind known) {
    if (known != Kind::kUnknown || OnlyReads(interest)) return known;
    return FileIdentity::Of(fd).pipe_end == 0 ? Kind::kOther : Kind::kPipe;
  }

  static uint64_t Cookie(Token token, uint32_t interest, Kind kind) {
    bool is_written_pipe = kind == Kind::kPipe && !OnlyReads(interest);
    return Pack(token, interest) | (is_written_pipe ? kPipeBit : 0);
  }

  Entry* Find(int fd) {
    return static_cast<size_t>(fd) < entries_.size() ? &entries_[fd] : nullptr;
  }

  void Remember(int fd, uint32_t events, uint64_t data, Kind kind) {
    if (static_cast<size_t>(fd) >= entries_.size()) entries_.resize(fd * 2 + 64);
    entries_[fd].events = events;
    entries_[fd].data = data;
    entries_[fd].kind = kind;
    if (entries_[fd].may_have_ghost) identities_[fd] = FileIdentity::Of(fd);
  }

  // Anonymous files (eventfd, timerfd) have one identity for all: of these a ghost may be kept.
  bool StandsForWhatWasAdded(int fd) const {
    if (!entries_[fd].may_have_ghost) return true;
    if (entries_[fd].events == 0) return false;
    const auto added = identities_.find(fd);
    return added == identities_.end() || added->second == FileIdentity::Of(fd);
  }

  // Asks the set, which has an entry to modify only when the number still stands for the file that
  // was added, or when the number has a ghost of its own: then the file's identity is compared
  // first.
  bool HasEntryFor(int fd) {
    const Entry& entry = entries_[fd];
    uint32_t others = entry.events & ~static_cast<uint32_t>(EPOLLEXCLUSIVE);
    int expected = others == entry.events ? 0 : -EINVAL;
    return Control(EPOLL_CTL_MOD, fd, others, entry.data) == expected;
  }

  void ForgetGhosts() {
    for (Entry& entry : entries_) entry.may_have_ghost = false;
    identities_.clear();
  }

  int Control(int operation, int fd, uint32_t events, uint64_t data) {
    return ControlIn(epoll_fd_, operation, fd, events, data);
  }

  static int ControlIn(int epoll_fd, int operation, int fd, uint32_t events, uint64_t data) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = data;
    return epoll_ctl(epoll_fd, operation, fd, &event) < 0 ? -errno : 0;
  }

  void Collect(ReadySink& sink, int count) {
    for (int i = 0; i < count; i++) {
      const epoll_event& event = batch_[i];
      Token token = Unpack(event.data.u64);
      if (token.slot == kWakeTimerToken.slot) {
        wake_timer_.OnFired();
      } else {
        sink.Push(token, ToReadiness(event.events, event.data.u64), event.events);
      }
    }
  }

  int WaitOnce(int limit, DeadlineNs deadline) {
    if (deadline == kPollOnce) return WaitMs(limit, 0);
    if (deadline == kNoDeadline || wake_timer_.FiresBy(deadline)) return WaitMs(limit, -1);
    int64_t now = MonotonicNowNs();
    if (wake_timer_.SetIfRepeated(deadline, now)) return WaitMs(limit, -1);
    return EpollWaitNs(epoll_fd_, batch_.data(), limit, deadline > now ? deadline - now : 0);
  }

  int WaitMs(int limit, int timeout_ms) {
    return EpollWaitMs(epoll_fd_, batch_.data(), limit, timeout_ms);
  }

  int epoll_fd_ = -1;
  int event_fd_ = -1;
  WakeTimer wake_timer_;
  std::optional<BusyPoll> busy_poll_;
  std::vector<Entry> entries_;                        // by descriptor number
  std::unordered_map<int, FileIdentity> identities_;  // of those that may have a ghost
  std::vector<epoll_event> batch_;                    // as long as the largest wait asked for
};

}  // namespace

std::unique_ptr<Poller> CreateEpollPoller(int* error) {
  auto poller = std::make_unique<EpollPoller>();
  *error = poller->Open();
  if (*error < 0) return nullptr;
  return poller;
}

}  // namespace edgewise
