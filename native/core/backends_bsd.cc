// The back-ends of macOS, FreeBSD, NetBSD and OpenBSD. Linux has its own in backends_linux.cc.
#include <errno.h>

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

}  // namespace edgewise
