// poll(2) with a time in nanoseconds and a signal mask, where the system has it.
#pragma once

#include <poll.h>
#include <signal.h>

#include <cstddef>
#include <ctime>

namespace edgewise::sys {

// ppoll(2). `timeout` null: no limit; `mask` null: that of the thread stays. Returns the count of
// entries with something in `revents`, or -errno. ENOSYS: macOS.
int Ppoll(pollfd* entries, size_t count, const timespec* timeout, const sigset_t* mask);

}  // namespace edgewise::sys
