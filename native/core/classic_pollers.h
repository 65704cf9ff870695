// Makes the back-ends that every platform has; see poll_poller.cc and select_poller.cc.
#pragma once

#include "poller.h"

namespace edgewise {

// Each returns null and sets *error to -errno when none can be made: EMFILE, ENFILE.
std::unique_ptr<Poller> CreatePollPoller(int* error);
std::unique_ptr<Poller> CreateSelectPoller(int* error);

}  // namespace edgewise
