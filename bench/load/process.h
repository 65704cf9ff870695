// What the system knows of a process: CPU time, memory, pinning. process_linux.cc has it;
// process_other.cc answers -ENOTSUP, which the report shows as null.
#pragma once

#include <cstdint>

namespace edgewise::load {

// User and system time of all threads of `pid`, ended ones included, in nanoseconds, or -errno
// (ESRCH: no such process; ENOTSUP: not on this system). See clock_getcpuclockid(3).
int64_t ProcessCpuNs(int pid);

// Resident memory of `pid` in bytes, or -errno. See proc_pid_statm(5).
int64_t ResidentBytes(int pid);

// Lets all threads of `pid` run on `cpu` only; threads made later inherit it.
// Returns 0 or -errno (EINVAL: no such CPU, or not one that we may use). See sched_setaffinity(2).
int PinProcess(int pid, int cpu);

}  // namespace edgewise::load
