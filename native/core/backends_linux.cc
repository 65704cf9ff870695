// The back-ends of Linux. The other platforms have theirs in backends_bsd.cc.
#include <errno.h>

#include "classic_pollers.h"
#include "epoll_poller.h"
#include "platform.h"
#include "poller.h"

namespace edgewise {

std::unique_ptr<Poller> CreatePoller(Backend backend, int* error) {
  switch (backend) {
    case Backend::kEpoll: return CreateEpollPoller(error);
    case Backend::kPoll: return CreatePollPoller(error);
    case Backend::kSelect: return CreateSelectPoller(error);
    case Backend::kKqueue: break;
  }
  *error = -ENOTSUP;
  return nullptr;
}

uint32_t AvailableBackends() {
  return 1u << static_cast<uint32_t>(Backend::kEpoll) |
         1u << static_cast<uint32_t>(Backend::kPoll) |
         1u << static_cast<uint32_t>(Backend::kSelect);
}

Backend PreferredBackend() { return Backend::kEpoll; }

bool HasNanosecondWait() { return HasEpollPwait2(); }

int CheckPollable(int fd) { return CheckEpollTakes(fd); }

}  // namespace edgewise
