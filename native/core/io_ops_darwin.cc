// sendfile(2) as macOS has it: the count goes in and comes out by pointer, and a call that would
// block part of the way fails with EAGAIN although bytes were sent. No splice, no eventfd.
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "io_ops.h"

namespace edgewise::sys {

int Sendfile(int out_fd, int in_fd, int64_t offset, size_t count) {
  if (offset == kNoOffset) return -EINVAL;
  if (count == 0) return 0;  // to macOS a count of 0 means "to the end of the file"
  off_t sent = static_cast<off_t>(ClampTransfer(count));
  int failure = Result(sendfile(in_fd, out_fd, offset, &sent, nullptr, 0));
  return sent > 0 && (failure == 0 || failure == -EAGAIN || failure == -EINTR)
             ? static_cast<int>(sent)
             : failure;
}

int Splice(int, int64_t, int, int64_t, size_t, unsigned) { return -ENOSYS; }
int Eventfd(unsigned, int) { return -ENOSYS; }

}  // namespace edgewise::sys
