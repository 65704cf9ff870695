// sendfile(2) as FreeBSD has it: the count of sent bytes comes out by pointer, and a call that
// would block part of the way fails with EAGAIN although bytes were sent. No splice.
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "io_ops.h"

namespace edgewise::sys {

int Sendfile(int out_fd, int in_fd, int64_t offset, size_t count) {
  if (offset == kNoOffset) return -EINVAL;
  if (count == 0) return 0;  // to FreeBSD a count of 0 means "to the end of the file"
  off_t sent = 0;
  int failure = Result(sendfile(in_fd, out_fd, offset, ClampTransfer(count), nullptr, &sent, 0));
  return sent > 0 && (failure == 0 || failure == -EAGAIN || failure == -EINTR)
             ? static_cast<int>(sent)
             : failure;
}

int Splice(int, int64_t, int, int64_t, size_t, unsigned) { return -ENOSYS; }
int Eventfd(unsigned, int) { return -ENOSYS; }

}  // namespace edgewise::sys
