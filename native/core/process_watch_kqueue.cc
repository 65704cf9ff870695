// EVFILT_PROC with NOTE_EXIT, in a kqueue of its own. Facts about the kernels that shape this file:
//
// - A kqueue is a descriptor that can be polled, and can stand in another kqueue.
// - NOTE_EXIT brings the status of the process in `data`, but on macOS only with NOTE_EXITSTATUS,
//   which is refused (EACCES) for processes that we may not signal.
// - A zombie is ESRCH to some of them, and noted at once by others. Where it is ESRCH, kill(2)
// still
//   finds it: a timer then makes the descriptor readable, and the status stays unknown.
#include "process_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "kqueue_platform.h"
#include "result.h"

namespace edgewise::process {
namespace {

#ifdef NOTE_EXITSTATUS
constexpr KernelFflags kNoteStatus = static_cast<KernelFflags>(NOTE_EXITSTATUS);
constexpr bool kAsksForStatus = true;
#else
constexpr KernelFflags kNoteStatus = 0;
constexpr bool kAsksForStatus = false;
#endif

int Add(int queue, int ident, KernelFilter filter, KernelFflags fflags, int64_t data) {
  struct kevent change = MakeChange(ident, filter, EV_ADD | EV_ONESHOT, fflags, data);
  return Result(kevent(queue, &change, 1, nullptr, 0, nullptr));
}

// Puts the note, or what stands for it, into `queue`. Returns 0 or -errno.
int Watch(int queue, int pid) {
  KernelFflags note_exit = static_cast<KernelFflags>(NOTE_EXIT);
  int result = Add(queue, pid, EVFILT_PROC, note_exit | kNoteStatus, 0);
  if (result == -EACCES && kAsksForStatus) result = Add(queue, pid, EVFILT_PROC, note_exit, 0);
  bool is_zombie = result == -ESRCH && (kill(pid, 0) == 0 || errno == EPERM);
  return is_zombie ? Add(queue, pid, EVFILT_TIMER, 0, 1) : result;
}

}  // namespace

int Open(int pid) {
  int queue = Result(kqueue());
  if (queue < 0) return queue;
  int result = Result(fcntl(queue, F_SETFD, FD_CLOEXEC));
  if (result >= 0) result = Watch(queue, pid);
  if (result >= 0) return queue;
  close(queue);
  return result;
}

int StatusOf(int fd, int32_t* status) {
  struct kevent event;
  timespec at_once{0, 0};
  int count = Result(kevent(fd, nullptr, 0, &event, 1, &at_once));
  if (count <= 0) return count < 0 ? count : static_cast<int>(kRunning);
  bool is_known = event.filter == EVFILT_PROC && (event.flags & EV_ERROR) == 0 &&
                  (!kAsksForStatus || (event.fflags & kNoteStatus) != 0);
  *status = is_known ? static_cast<int32_t>(event.data) : 0;
  return is_known ? kExited : kExitedUnknown;
}

int Signal(int, int pid, int signum) { return Result(kill(pid, signum)); }

}  // namespace edgewise::process
