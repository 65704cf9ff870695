// What Add, Modify and Remove refuse, and with which errno: the same on every back-end.
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "fixture.h"
#include "harness.h"

namespace edgewise::test {
namespace {

POLLER_TEST("adding a descriptor twice is EEXIST and changes nothing") {
  Fixture f(subject);
  Pair pair = MakeSocketPair();
  CHECK_EQ(f.Add(pair.a, 1, kInterestReadable), 0);
  CHECK_EQ(f.Add(pair.a, 2, kInterestReadable), -EEXIST);
  Put(pair.b, 1);
  CHECK_EQ(f.Await(1, kReadable), kReadable);
  CHECK_EQ(f.ShownBy(2), 0);
}

POLLER_TEST("modifying or removing what was never added is ENOENT") {
  Fixture f(subject);
  Pair pair = MakeSocketPair();
  CHECK_EQ(f.Modify(pair.a, 1, kInterestReadable), -ENOENT);
  CHECK_EQ(f.poller->Remove(pair.a), -ENOENT);
}

POLLER_TEST("a descriptor that is not open is EBADF") {
  Fixture f(subject);
  Pair pair = MakeSocketPair();
  int closed = pair.a;
  pair.a.Close();
  for (int fd : {closed, -1}) {
    CHECK_EQ(f.Add(fd, 1, kInterestReadable), -EBADF);
    CHECK_EQ(f.Modify(fd, 1, kInterestReadable), -EBADF);
    CHECK_EQ(f.poller->Remove(fd), -EBADF);
  }
}

POLLER_TEST("what is always ready is EPERM, and was never added") {
  Fixture f(subject);
  for (const char* path : {"/etc/passwd", "/"}) {
    Fd file(open(path, O_RDONLY));
    CHECK(file >= 0);
    CHECK_EQ(f.Add(file, 1, kInterestReadable), -EPERM);
    CHECK_EQ(f.Modify(file, 1, kInterestReadable), -ENOENT);
    CHECK_EQ(f.poller->Remove(file), -ENOENT);
  }
}

POLLER_TEST("a removed descriptor is silent and can be added again") {
  Fixture f(subject);
  Pair pair = MakeSocketPair();
  CHECK_EQ(f.Add(pair.a, 1, kInterestReadable), 0);
  Put(pair.b, 1);
  CHECK_EQ(f.poller->Remove(pair.a), 0);
  CHECK_EQ(f.Wait(), 0);
  CHECK_EQ(f.poller->Remove(pair.a), -ENOENT);
  CHECK_EQ(f.Add(pair.a, 2, kInterestReadable), 0);
  CHECK_EQ(f.Await(2, kReadable), kReadable);
}

POLLER_TEST("a trigger that the back-end does not have is ENOTSUP") {
  Fixture f(subject);
  Pair pair = MakeSocketPair();
  for (Trigger trigger :
       {Trigger::kLevel, Trigger::kEdge, Trigger::kOneshot, Trigger::kEdgeOneshot}) {
    CHECK_EQ(f.Add(pair.a, 1, kInterestReadable, trigger), f.Has(trigger) ? 0 : -ENOTSUP);
    if (f.Has(trigger)) CHECK_EQ(f.poller->Remove(pair.a), 0);
  }
  CHECK(f.Has(Trigger::kLevel) && f.Has(Trigger::kOneshot));
}

POLLER_TEST("exclusive allows neither modify nor oneshot nor priority, or is ENOTSUP") {
  Fixture f(subject);
  Pair pair = MakeSocketPair();
  const Token token{1, 1};
  int added = f.poller->Add(pair.a, token, kInterestReadable, Trigger::kLevel, true);
  if (!f.poller->capabilities().exclusive) {
    CHECK_EQ(added, -ENOTSUP);
    CHECK_EQ(f.poller->Remove(pair.a), -ENOENT);
    return;
  }
  CHECK_EQ(added, 0);
  CHECK_EQ(f.Modify(pair.a, 1, kInterestReadable), -EINVAL);
  Put(pair.b, 1);
  CHECK_EQ(f.Await(1, kReadable), kReadable);
  CHECK_EQ(f.poller->Remove(pair.a), 0);
  CHECK_EQ(f.poller->Add(pair.a, token, kInterestReadable, Trigger::kOneshot, true), -EINVAL);
  CHECK_EQ(f.poller->Add(pair.a, token, kInterestPriority, Trigger::kLevel, true), -EINVAL);
  CHECK_EQ(f.Add(pair.a, 1, kInterestReadable), 0);
  CHECK_EQ(f.Modify(pair.a, 1, kInterestWritable), 0);
}

POLLER_TEST("a descriptor from fd_limit on is EINVAL, and the one below it works") {
  Fixture f(subject);
  int limit = f.poller->capabilities().fd_limit;
  if (limit == 0) limit = 1500;  // no limit: such a number is as good as any
  Pair pair = MakeSocketPair();
  Fd below(fcntl(pair.a, F_DUPFD_CLOEXEC, limit - 1));
  Fd beyond(fcntl(pair.a, F_DUPFD_CLOEXEC, limit));
  CHECK_EQ(below, limit - 1);
  CHECK(beyond >= limit);
  bool is_limited = f.poller->capabilities().fd_limit != 0;
  CHECK_EQ(f.Add(beyond, 1, kInterestWritable), is_limited ? -EINVAL : 0);
  CHECK_EQ(f.Modify(beyond, 1, kInterestWritable), is_limited ? -EINVAL : 0);
  CHECK_EQ(f.Add(below, 2, kInterestWritable), 0);
  CHECK_EQ(f.Await(2, kWritable), kWritable);
}

POLLER_TEST("urgent data is priority, where the back-end can report it") {
  Fixture f(subject);
  Pair pair = MakeTcp();
  int added = f.Add(pair.a, 1, kInterestPriority);
  if (added == -ENOTSUP) return;  // kqueue without EVFILT_EXCEPT: FreeBSD, NetBSD, libkqueue
  CHECK_EQ(added, 0);
  CHECK_EQ(send(pair.b, "!", 1, MSG_OOB), 1);
  CHECK_EQ(f.Await(1, kPriority) & kPriority, kPriority);
}

}  // namespace
}  // namespace edgewise::test
