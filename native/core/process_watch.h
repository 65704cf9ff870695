// The exit of a process as a descriptor that becomes readable: a pidfd on Linux, elsewhere a kqueue
// of its own with one EVFILT_PROC note. A descriptor, and no filter of the poller's, so that it
// works with every back-end and the pollers know nothing of processes.
//
// Nothing here reaps a process: its parent (libuv, for children of node:child_process) still gets
// its status. All functions return >= 0 or -errno.
#pragma once

#include <cstdint>

namespace edgewise::process {

// What StatusOf found out.
enum ProcessState { kRunning = 0, kExited = 1, kExitedUnknown = 2 };

// Returns a close-on-exec descriptor that becomes readable when process `pid` (from 1) has exited;
// it does so at once when it has exited and was not waited for yet. Errors: ESRCH: no such process,
// or it was waited for. ENOSYS: Linux before 5.3. EINVAL, ENOENT: `pid` is a thread.
int Open(int pid);

// Returns what is known of the process of `fd`; for kExited sets *status as waitpid(2) does. On
// kqueue the answer that it has exited is given once.
int StatusOf(int fd, int32_t* status);

// Sends `signum` to it; 0 only looks whether it is there. On kqueue by `pid`, which may be another
// process's when this one has been waited for and its exit was not looked at yet.
int Signal(int fd, int pid, int signum);

}  // namespace edgewise::process
