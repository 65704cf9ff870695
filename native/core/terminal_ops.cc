// See terminal_ops.h.
#include "terminal_ops.h"

#include <unistd.h>

#include "result.h"

namespace edgewise::sys {

int IsATty(int fd) { return isatty(fd) == 1 ? 1 : -errno; }

int TcGetAttr(int fd, termios* into) { return Result(tcgetattr(fd, into)); }

int TcSetAttr(int fd, int action, const termios& attributes) {
  return Result(tcsetattr(fd, action, &attributes));
}

int CfMakeRaw(termios* attributes) {
  cfmakeraw(attributes);
  return 0;
}

}  // namespace edgewise::sys
