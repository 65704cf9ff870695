#include "waker.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

namespace edgewise {
namespace {

int SetNonBlockingCloseOnExec(int fd) {
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return -errno;
  return fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ? -errno : 0;
}

}  // namespace

PipeWaker::~PipeWaker() {
  for (int fd : fds_) {
    if (fd >= 0) close(fd);
  }
}

int PipeWaker::Open() {
  if (pipe(fds_) < 0) return -errno;
  int result = SetNonBlockingCloseOnExec(fds_[0]);
  return result < 0 ? result : SetNonBlockingCloseOnExec(fds_[1]);
}

int PipeWaker::Wake() {
  char byte = 0;
  while (write(fds_[1], &byte, 1) < 0) {
    if (errno == EAGAIN) return 0;
    if (errno != EINTR) return -errno;
  }
  return 0;
}

void PipeWaker::Drain() {
  char bytes[256];
  ssize_t count;
  do {
    count = read(fds_[0], bytes, sizeof bytes);
  } while (count > 0 || (count < 0 && errno == EINTR));
}

}  // namespace edgewise
