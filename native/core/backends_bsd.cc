// The back-ends of macOS, FreeBSD, NetBSD and OpenBSD. Linux has its own in backends_linux.cc.
#include <errno.h>
#include <sys/stat.h>

#include "classic_pollers.h"
#include "kqueue_poller.h"
#include "platform.h"
#include "poller.h"

namespace edgewise {

std::unique_ptr<Poller> CreatePoller(Backend backend, int* error) {
  switch (backend) {
    case Backend::kKqueue: return CreateKqueuePoller(error);
    case Backend::kPoll: return CreatePollPoller(error);
    case Backend::kSelect: return CreateSelectPoller(error);
    case Backend::kEpoll: break;
  }
  *error = -ENOTSUP;
  return nullptr;
}

uint32_t AvailableBackends() {
  return 1u << static_cast<uint32_t>(Backend::kKqueue) |
         1u << static_cast<uint32_t>(Backend::kPoll) |
         1u << static_cast<uint32_t>(Backend::kSelect);
}

Backend PreferredBackend() { return Backend::kKqueue; }

// kevent(2) takes a timespec on each of them.
bool HasNanosecondWait() { return true; }

// kqueue accepts regular files and directories; epoll has EPERM for them, and so have we.
int CheckPollable(int fd) {
  struct stat status;
  if (fstat(fd, &status) < 0) return -errno;
  return S_ISREG(status.st_mode) || S_ISDIR(status.st_mode) ? -EPERM : 0;
}

}  // namespace edgewise
