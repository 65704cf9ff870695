// pidfd_open(2). Facts about the kernel that shape this file:
//
// - A pidfd is readable from the moment that the process is a zombie, and keeps standing for that
//   process, whatever gets its number later.
// - waitid(2) with WNOWAIT gives a parent the status of a zombie and leaves it one: libuv, which
//   reaps the children of node:child_process, finds it as it was.
// - Once it was reaped, PIDFD_GET_INFO (ioctl, Linux 6.15) has the status, for every
//   pidfd from before. In between, for a process that is not our child, nothing has it.
#include "process_watch.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "source_ops.h"

namespace edgewise::process {
namespace {

constexpr int kIdtypePidfd = 3;  // P_PIDFD of linux/wait.h, since 5.4; absent from old C libraries

// struct pidfd_info and its request, as of linux/pidfd.h of 6.15.
struct PidfdInfo {
  uint64_t mask;
  uint64_t cgroup_id;
  uint32_t ids[11];
  int32_t exit_code;
};
static_assert(sizeof(PidfdInfo) == 64, "PIDFD_INFO_SIZE_VER0");
constexpr unsigned long kGetInfo = _IOWR(0xff, 11, PidfdInfo);
constexpr uint64_t kInfoExit = 1u << 3;

// What waitpid(2) would say of it.
int32_t ToStatus(const siginfo_t& info) {
  constexpr int32_t kCoreDumped = 0x80;
  if (info.si_code == CLD_EXITED) return (info.si_status & 0xff) << 8;
  return info.si_status | (info.si_code == CLD_DUMPED ? kCoreDumped : 0);
}

}  // namespace

int Open(int pid) { return sys::PidfdOpen(pid, 0); }

int StatusOf(int fd, int32_t* status) {
  siginfo_t info{};
  int flags = WEXITED | WNOWAIT | WNOHANG;
  if (waitid(static_cast<idtype_t>(kIdtypePidfd), static_cast<id_t>(fd), &info, flags) == 0) {
    if (info.si_pid == 0) return kRunning;
    *status = ToStatus(info);
    return kExited;
  }
  // ECHILD: not ours, or reaped. EINVAL: Linux 5.3 has no P_PIDFD, and no PIDFD_GET_INFO either.
  PidfdInfo reaped{};
  reaped.mask = kInfoExit;
  if (ioctl(fd, kGetInfo, &reaped) < 0 || (reaped.mask & kInfoExit) == 0) return kExitedUnknown;
  *status = reaped.exit_code;
  return kExited;
}

int Signal(int fd, int, int signum) { return sys::PidfdSendSignal(fd, signum, 0); }

}  // namespace edgewise::process
