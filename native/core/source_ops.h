// The system calls that make readable descriptors of other things than bytes: clocks, changes of
// files, processes. One function each, named after the C function; all return >= 0 or -errno, and
// but for Reopen -ENOSYS where it is not Linux (source_ops_none.cc). Descriptors that they make are
// close-on-exec.
#pragma once

#include <cstdint>

namespace edgewise::sys {

int TimerfdCreate(int clock, int flags);

// Both in nanoseconds, from 0; a first time of 0 disarms, an interval of 0 is none.
int TimerfdSettime(int fd, int flags, int64_t first_ns, int64_t interval_ns);

int InotifyInit1(int flags);
int InotifyAddWatch(int fd, const char* path, uint32_t mask);
int InotifyRmWatch(int fd, int watch);

int PidfdOpen(int pid, unsigned flags);
int PidfdSendSignal(int pidfd, int signum, unsigned flags);

// Opens what `fd` stands for once more, with its access mode, O_CLOEXEC and O_NOCTTY. Everywhere
// for terminals, on Linux by /proc for whatever has an inode. ENXIO: a socket. ENOTTY: not here.
int Reopen(int fd, int flags);

}  // namespace edgewise::sys
