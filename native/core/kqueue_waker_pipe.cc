// The self-pipe, watched like any descriptor, for systems without EVFILT_USER in every live
// release. Level-triggered: a byte written between the drain and the next wait is reported again.
#include <errno.h>

#include "kqueue_waker.h"

namespace edgewise {

int KqueueWaker::Open(int kqueue_fd) {
  kqueue_fd_ = kqueue_fd;
  int result = pipe_.Open();
  if (result < 0) return result;
  struct kevent change = MakeChange(pipe_.read_fd(), EVFILT_READ, EV_ADD, 0, 0);
  return kevent(kqueue_fd, &change, 1, nullptr, 0, nullptr) < 0 ? -errno : 0;
}

int KqueueWaker::Wake() { return pipe_.Wake(); }

bool KqueueWaker::Take(const struct kevent& event) {
  if (event.filter != EVFILT_READ || static_cast<int>(event.ident) != pipe_.read_fd()) return false;
  pipe_.Drain();
  return true;
}

}  // namespace edgewise
