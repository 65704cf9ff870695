// Makes the kqueue(2) back-end; see kqueue_poller.cc.
#pragma once

#include "poller.h"

namespace edgewise {

// Returns null and sets *error to -errno when the kernel gives no descriptor (EMFILE, ENFILE).
std::unique_ptr<Poller> CreateKqueuePoller(int* error);

}  // namespace edgewise
