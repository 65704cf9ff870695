// Wakers by number, for the whole process. A number can be sent to any thread, and stays safe
// there when the poller that it stood for is gone: it is never used twice.
//
// A wake-up sets the waker's flag and notifies its poller; wake-ups before the flag is taken
// coalesce. The flag is taken before its owner looks for work, so work that was queued before the
// wake-up is always seen.
#pragma once

#include <cstdint>

#include "poller.h"

namespace edgewise {

using WakerId = uint64_t;  // from 1 on, below 2^53

// Makes a waker of `poller`, on the poller's thread.
WakerId CreateWaker(Poller* poller);

// Takes the flag: whether there was a wake-up since the last time. On the poller's thread.
bool TakeWaker(WakerId id);

// Wakes, from any thread. Returns 1 when it notified, 0 when an earlier wake-up is still pending,
// -errno otherwise. EBADF: the waker is closed.
int Wake(WakerId id);

// Ends a waker, and all wakers of a poller, on the poller's thread.
void CloseWaker(WakerId id);
void CloseWakersOf(Poller* poller);

}  // namespace edgewise
