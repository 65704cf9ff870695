// What an epoll set makes of numbers that stand for other files than the ones that were added:
// exclusive entries, which the kernel does not modify, and ghosts of the same number.
#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#include "fixture.h"
#include "harness.h"

namespace edgewise::test {
namespace {

constexpr int kEpoll = 0;  // the first of Subjects()

int AddExclusive(Fixture* f, int fd, uint32_t slot) {
  return f->poller->Add(fd, Token{slot, 1}, kInterestReadable, Trigger::kLevel, true);
}

// Makes `fd` stand for what `from` stands for.
void GiveNumber(int fd, int from) { CHECK_EQ(dup3(from, fd, O_CLOEXEC), fd); }

TEST("epoll: rebuild keeps an exclusive entry") {
  Fixture f(kEpoll);
  Pair pair = MakeSocketPair();
  CHECK_EQ(AddExclusive(&f, pair.a, 1), 0);
  CHECK_EQ(f.poller->Rebuild(), 0);
  Put(pair.b, 1);
  CHECK_EQ(f.Await(1, kReadable), kReadable);
  CHECK_EQ(f.Modify(pair.a, 1, kInterestReadable), -EINVAL);
  CHECK_EQ(f.poller->Remove(pair.a), 0);
}

TEST("epoll: rebuild drops an exclusive entry of a number that stands for another file") {
  Fixture f(kEpoll);
  Pair pair = MakeSocketPair();
  Pair stranger = MakeSocketPair();
  CHECK_EQ(AddExclusive(&f, pair.a, 1), 0);
  GiveNumber(pair.a, stranger.a);
  Put(stranger.b, 1);
  CHECK_EQ(f.poller->Rebuild(), 0);
  CHECK_EQ(f.Wait(), 0);
  CHECK_EQ(f.poller->Remove(pair.a), -ENOENT);
}

TEST("epoll: rebuild drops an exclusive entry when the new set gets its number") {
  Fixture f(kEpoll);
  Pair pair = MakeSocketPair();
  CHECK_EQ(AddExclusive(&f, pair.a, 1), 0);
  int number = pair.a;
  pair.a.Close();
  Fd lowest(eventfd(0, EFD_CLOEXEC));
  CHECK_EQ(lowest, number);
  lowest.Close();
  CHECK_EQ(f.poller->Rebuild(), 0);
  CHECK_EQ(f.poller->Remove(number), -EBADF);
}

// Has this process fail to open a descriptor, while it lives.
class NoDescriptors {
 public:
  NoDescriptors() {
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0);
    Fd lowest(eventfd(0, EFD_CLOEXEC));
    rlimit none = before_;
    none.rlim_cur = static_cast<rlim_t>(lowest);
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  }
  ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_;
};

TEST("epoll: rebuild needs no descriptor that is free") {
  Fixture f(kEpoll);
  Pair live = MakeSocketPair();
  CHECK_EQ(f.Add(live.a, 1, kInterestReadable), 0);
  {
    NoDescriptors none;
    CHECK(eventfd(0, 0) < 0);
    CHECK_EQ(f.poller->Rebuild(), 0);
    CHECK_EQ(f.poller->Rebuild(), 0);
  }
  Put(live.b, 1);
  CHECK_EQ(f.Await(1, kReadable), kReadable);
}

// A number that had `owner` before, lives on in the set as its ghost, and stands for it again,
// while the poller believes that it stands for a socket of its own in slot 2.
struct Haunted {
  Pair owner = MakeSocketPair();
  Fd number;

  explicit Haunted(Fixture* f) : number(fcntl(owner.a, F_DUPFD_CLOEXEC, 0)) {
    Pair other = MakeSocketPair();
    CHECK_EQ(f->Add(number, 1, kInterestWritable, Trigger::kEdge), 0);
    GiveNumber(number, other.a);
    CHECK_EQ(f->Add(number, 2, kInterestReadable), 0);
    other.a.Close();
    GiveNumber(number, owner.a);
  }
};

TEST("epoll: modify does not take a ghost for what was added") {
  Fixture f(kEpoll);
  Haunted haunted(&f);
  CHECK_EQ(f.Modify(haunted.number, 2, kInterestReadable), -ENOENT);
  Put(haunted.owner.b, 1);
  f.Wait();
  CHECK_EQ(f.ShownBy(2), 0);
  int number = haunted.number;
  haunted.number.Close();
  CHECK_EQ(f.Modify(number, 2, kInterestReadable), -EBADF);
}

TEST("epoll: modify does not take a ghost for what was removed") {
  Fixture f(kEpoll);
  Haunted haunted(&f);
  Pair other = MakeSocketPair();
  int number = haunted.number;
  GiveNumber(number, other.a);
  CHECK_EQ(f.poller->Remove(number), -ENOENT);
  GiveNumber(number, haunted.owner.a);
  CHECK_EQ(f.Modify(number, 2, kInterestReadable), -ENOENT);
}

TEST("epoll: remove does not take a ghost for what was added") {
  Fixture f(kEpoll);
  Haunted haunted(&f);
  CHECK_EQ(f.poller->Remove(haunted.number), -ENOENT);
  Put(haunted.owner.b, 1);
  CHECK_EQ(f.Wait(), 0);  // the ghost is gone all the same
}

TEST("epoll: a number that had a ghost is modified as any other") {
  Fixture f(kEpoll);
  Pair pair = MakeSocketPair();
  Fd number(fcntl(pair.a, F_DUPFD_CLOEXEC, 0));
  CHECK_EQ(f.Add(number, 1, kInterestReadable), 0);
  Pair other = MakeSocketPair();
  GiveNumber(number, other.a);
  CHECK_EQ(f.Add(number, 2, kInterestWritable), 0);
  CHECK_EQ(f.Modify(number, 3, kInterestReadable), 0);
  Put(other.b, 1);
  CHECK_EQ(f.Await(3, kReadable), kReadable);
}

}  // namespace
}  // namespace edgewise::test
