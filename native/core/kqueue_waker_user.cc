// EVFILT_USER, which counts nothing and keeps no descriptor. Its identifiers are a space of their
// own, so 0 is no descriptor here. FreeBSD ignores NOTE_TRIGGER in the change that adds the event:
// it is added once, and triggered by a change of its own. EV_CLEAR takes the trigger back when it
// is reported. See kevent(2), kqueue(2).
#include <errno.h>

#include "kqueue_waker.h"

namespace edgewise {
namespace {

constexpr int kWakerIdent = 0;

int Submit(int kqueue_fd, unsigned flags, KernelFflags fflags) {
  struct kevent change = MakeChange(kWakerIdent, EVFILT_USER, flags, fflags, 0);
  while (kevent(kqueue_fd, &change, 1, nullptr, 0, nullptr) < 0) {
    if (errno != EINTR) return -errno;  // EINTR: once more does no harm, the trigger coalesces
  }
  return 0;
}

}  // namespace

int KqueueWaker::Open(int kqueue_fd) {
  kqueue_fd_ = kqueue_fd;
  return Submit(kqueue_fd, EV_ADD | EV_CLEAR, NOTE_FFNOP);
}

int KqueueWaker::Wake() { return Submit(kqueue_fd_, 0, NOTE_TRIGGER); }

bool KqueueWaker::Take(const struct kevent& event) { return event.filter == EVFILT_USER; }

}  // namespace edgewise
