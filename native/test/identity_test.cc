// Numbers that are closed behind the poller's back, reused, or kept alive by a duplicate.
#include <errno.h>
#include <fcntl.h>

#include "fixture.h"
#include "harness.h"

namespace edgewise::test {
namespace {

// Closes pair.a behind the poller's back and gives its number to an end of a new pair.
Pair ReuseNumber(Pair* pair) {
  int number = pair->a.Release();
  close(number);
  Pair fresh = MakeSocketPair();
  if (fresh.a != number) {
    CHECK_EQ(dup2(fresh.a, number), number);
    fresh.a = Fd(number);
  }
  return fresh;
}

POLLER_TEST("a number closed behind our back and opened again is added as a new identity") {
  Fixture f(subject);
  Pair pair = MakeSocketPair();
  CHECK_EQ(f.Add(pair.a, 1, kInterestReadable), 0);
  Pair fresh = ReuseNumber(&pair);
  CHECK_EQ(f.Add(fresh.a, 2, kInterestReadable), 0);
  Put(fresh.b, 1);
  CHECK_EQ(f.Await(2, kReadable), kReadable);
  CHECK_EQ(f.ShownBy(1), 0);
  CHECK_EQ(f.Add(fresh.a, 3, kInterestReadable), -EEXIST);
}

POLLER_TEST("modify and remove do not take a reused number for what was added") {
  Fixture f(subject);
  Pair pair = MakeSocketPair();
  CHECK_EQ(f.Add(pair.a, 1, kInterestReadable), 0);
  Pair fresh = ReuseNumber(&pair);
  Put(fresh.b, 1);
  CHECK_EQ(f.Modify(fresh.a, 2, kInterestReadable), -ENOENT);
  CHECK_EQ(f.poller->Remove(fresh.a), -ENOENT);
  CHECK_EQ(f.Add(fresh.a, 3, kInterestReadable), 0);
  CHECK_EQ(f.Await(3, kReadable), kReadable);
}

POLLER_TEST("removing a number that was closed behind our back forgets it") {
  Fixture f(subject);
  Pair pair = MakeSocketPair();
  CHECK_EQ(f.Add(pair.a, 1, kInterestReadable), 0);
  int number = pair.a;
  pair.a.Close();
  CHECK_EQ(f.poller->Remove(number), -EBADF);
  Pair fresh = MakeSocketPair();
  CHECK_EQ(f.Add(fresh.a, 2, kInterestReadable), 0);
  Put(fresh.b, 1);
  CHECK_EQ(f.Await(2, kReadable), kReadable);
}

POLLER_TEST("rebuild drops what a duplicate keeps alive, and keeps what is registered") {
  Fixture f(subject);
  Pair pair = MakeSocketPair();
  Pair live = MakeSocketPair();
  CHECK_EQ(f.Add(pair.a, 1, kInterestReadable), 0);
  CHECK_EQ(f.Add(live.a, 2, kInterestReadable), 0);
  Fd duplicate(fcntl(pair.a, F_DUPFD_CLOEXEC, 200));
  pair.a.Close();
  CHECK_EQ(f.poller->Rebuild(), 0);
  Put(pair.b, 1);
  f.Wait();  // poll(2) and select(2) report a closed number once, as an error
  CHECK_EQ(f.Wait(20), 0);
  Put(live.b, 1);
  CHECK_EQ(f.Await(2, kReadable), kReadable);
  CHECK_EQ(f.ShownBy(1), 0);
  CHECK_EQ(f.poller->Notify(), 0);
  f.Wait(kAwaitMs);
  CHECK_EQ(f.sink.signals, ReadySink::kNotified);
}

}  // namespace
}  // namespace edgewise::test
