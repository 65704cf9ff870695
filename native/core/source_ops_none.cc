// macOS and the BSDs have kqueue(2) for all of these. Their /dev/fd is dup(2), so that only what
// has a name can be opened again: of what is inherited, terminals.
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "result.h"
#include "source_ops.h"

namespace edgewise::sys {

int TimerfdCreate(int, int) { return -ENOSYS; }
int TimerfdSettime(int, int, int64_t, int64_t) { return -ENOSYS; }
int InotifyInit1(int) { return -ENOSYS; }
int InotifyAddWatch(int, const char*, uint32_t) { return -ENOSYS; }
int InotifyRmWatch(int, int) { return -ENOSYS; }
int PidfdOpen(int, unsigned) { return -ENOSYS; }
int PidfdSendSignal(int, int, unsigned) { return -ENOSYS; }

int Reopen(int fd, int flags) {
  int mode = Result(fcntl(fd, F_GETFL));
  if (mode < 0) return mode;
  char path[256];
  int error = ttyname_r(fd, path, sizeof path);
  if (error != 0) return -error;
  return Result(open(path, (mode & O_ACCMODE) | flags | O_CLOEXEC | O_NOCTTY));
}

}  // namespace edgewise::sys
