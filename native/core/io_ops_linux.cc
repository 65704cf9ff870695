// sendfile(2), splice(2) and eventfd(2) as Linux has them: offsets go in by pointer, a null one
// stands for the file position.
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/sendfile.h>

#include "io_ops.h"

namespace edgewise::sys {

int Sendfile(int out_fd, int in_fd, int64_t offset, size_t count) {
  off_t at = static_cast<off_t>(offset);
  return Result(sendfile(out_fd, in_fd, offset == kNoOffset ? nullptr : &at, ClampTransfer(count)));
}

int Splice(int in_fd, int64_t in_offset, int out_fd, int64_t out_offset, size_t length,
           unsigned flags) {
  loff_t in_at = in_offset;
  loff_t out_at = out_offset;
  return Result(splice(in_fd, in_offset == kNoOffset ? nullptr : &in_at, out_fd,
                       out_offset == kNoOffset ? nullptr : &out_at, ClampTransfer(length), flags));
}

int Eventfd(unsigned initial, int flags) { return Result(eventfd(initial, flags | EFD_CLOEXEC)); }

}  // namespace edgewise::sys
