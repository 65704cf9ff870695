// The self-pipe, and signals through it.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>

#include <atomic>

#include "fixture.h"
#include "harness.h"
#include "signal_watch.h"
#include "waker.h"

namespace edgewise::test {
namespace {

bool IsReadable(int fd) {
  pollfd watched{fd, POLLIN, 0};
  return poll(&watched, 1, 0) == 1;
}

uint64_t BitOf(int signum) { return uint64_t{1} << (signum - 1); }

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

TEST("SignalWatch: notes the signal and makes its descriptor readable") {
  SignalWatch watch;
  CHECK_EQ(watch.Open(), 0);
  CHECK_EQ(watch.Add(SIGUSR1), 0);
  CHECK_EQ(raise(SIGUSR1), 0);
  CHECK_EQ(raise(SIGUSR1), 0);
  CHECK(IsReadable(watch.fd()));
  CHECK_EQ(watch.Take(), BitOf(SIGUSR1));
  CHECK(!IsReadable(watch.fd()));
  CHECK_EQ(watch.Take(), 0);
}

std::atomic<int> previous_count{0};
void OnPrevious(int) { previous_count.fetch_add(1); }

TEST("SignalWatch: the handler from before hears it too, and is back afterwards") {
  struct sigaction before {};
  before.sa_handler = OnPrevious;
  struct sigaction original;
  CHECK_EQ(sigaction(SIGUSR2, &before, &original), 0);
  {
    SignalWatch first;
    SignalWatch second;
    CHECK_EQ(first.Open(), 0);
    CHECK_EQ(second.Open(), 0);
    CHECK_EQ(first.Add(SIGUSR2), 0);
    CHECK_EQ(second.Add(SIGUSR2), 0);
    CHECK_EQ(raise(SIGUSR2), 0);
    CHECK_EQ(previous_count.load(), 1);
    CHECK_EQ(first.Take(), BitOf(SIGUSR2));
    CHECK_EQ(second.Take(), BitOf(SIGUSR2));
    CHECK_EQ(first.Remove(SIGUSR2), 0);
    CHECK_EQ(raise(SIGUSR2), 0);
    CHECK_EQ(first.Take(), 0);
    CHECK_EQ(second.Take(), BitOf(SIGUSR2));
  }
  struct sigaction after;
  CHECK_EQ(sigaction(SIGUSR2, &original, &after), 0);
  CHECK(after.sa_handler == OnPrevious);
}

TEST("SignalWatch: refuses what cannot be watched") {
  SignalWatch watch;
  CHECK_EQ(watch.Open(), 0);
  for (int signum : {0, -1, 65, SIGKILL, SIGSTOP}) CHECK_EQ(watch.Add(signum), -EINVAL);
  CHECK_EQ(watch.Remove(SIGUSR1), 0);
}

}  // namespace
}  // namespace edgewise::test
