// The self-pipe.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>

#include "fixture.h"
#include "harness.h"
#include "waker.h"

namespace edgewise::test {
namespace {

bool IsReadable(int fd) {
  pollfd watched{fd, POLLIN, 0};
  return poll(&watched, 1, 0) == 1;
}

TEST("PipeWaker: wakes until drained, and a full pipe is as good as a byte") {
  PipeWaker waker;
  CHECK_EQ(waker.Open(), 0);
  CHECK((fcntl(waker.read_fd(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK((fcntl(waker.read_fd(), F_GETFL) & O_NONBLOCK) != 0);
  CHECK(!IsReadable(waker.read_fd()));
  for (int i = 0; i < 200000; i++) {
    if (!CHECK_EQ(waker.Wake(), 0)) break;
  }
  CHECK(IsReadable(waker.read_fd()));
  waker.Drain();
  CHECK(!IsReadable(waker.read_fd()));
  CHECK_EQ(waker.Wake(), 0);
  CHECK(IsReadable(waker.read_fd()));
}

}  // namespace
}  // namespace edgewise::test
