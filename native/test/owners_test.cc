// Which thread a descriptor belongs to. Threads hand back what they saw: checks are made here.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "descriptor_owners.h"
#include "harness.h"

namespace edgewise::test {
namespace {

constexpr OwnerId kNeverOpened = uint64_t{1} << 52;

int OpenNull() { return open("/dev/null", O_RDONLY | O_CLOEXEC); }
bool IsOpen(int fd) { return fcntl(fd, F_GETFD) >= 0; }

template <typename Run>
void OnThread(Run run) {
  std::thread(run).join();
}

TEST("owners: a thread is one owner until it closes, and another one afterwards") {
  OwnerId ids[3] = {};
  bool is_new[3] = {};
  OnThread([&] {
    ids[0] = OpenOwner(&is_new[0]);
    ids[1] = OpenOwner(&is_new[1]);
    CloseOwner();
    ids[2] = OpenOwner(&is_new[2]);
    CloseOwner();
  });
  CHECK(is_new[0] && !is_new[1] && is_new[2]);
  CHECK(ids[0] > 0);
  CHECK_EQ(ids[1], ids[0]);
  CHECK(ids[2] != ids[0]);
}

TEST("owners: a thread that ends closes what it has noted, and only that") {
  int noted = -1, disowned = -1, unnoted = OpenNull(), closed_count = -1, again_count = -1;
  OnThread([&] {
    bool is_new;
    OpenOwner(&is_new);
    noted = OwnByThread(OpenNull());
    disowned = OwnByThread(OpenNull());
    Disown(disowned);
    closed_count = CloseOwner();
    again_count = CloseOwner();
  });
  CHECK_EQ(closed_count, 1);
  CHECK_EQ(again_count, 0);
  CHECK(!IsOpen(noted));
  CHECK(IsOpen(disowned));
  CHECK(IsOpen(unnoted));
  close(disowned);
  close(unnoted);
}

TEST("owners: nothing is noted of a thread that is none, nor of what is no descriptor") {
  int fd = OpenNull();
  CHECK_EQ(OwnByThread(fd), fd);
  CHECK_EQ(CloseOwner(), 0);
  CHECK(IsOpen(fd));
  int passed_on = 0, closed_count = -1;
  OnThread([&] {
    bool is_new;
    OpenOwner(&is_new);
    passed_on = OwnByThread(-EMFILE);
    closed_count = CloseOwner();
  });
  CHECK_EQ(passed_on, -EMFILE);
  CHECK_EQ(closed_count, 0);
  close(fd);
}

TEST("owners: what any thread closes is not closed again") {
  int closed_count = -1, owned_too = -1;
  OnThread([&] {
    bool is_new;
    OpenOwner(&is_new);
    const int32_t fds[] = {OpenNull(), OpenNull(), OpenNull()};
    OwnByThread(0, fds, 3);
    OnThread([&] { Disown(fds[0]); });  // by a thread that is no owner
    OnThread([&] {
      OpenOwner(&is_new);
      Disown(fds[1]);  // by another owner
      owned_too = CloseOwner();
    });
    close(fds[0]);
    close(fds[1]);
    closed_count = CloseOwner();
  });
  CHECK_EQ(owned_too, 0);
  CHECK_EQ(closed_count, 1);
}

TEST("owners: a number that is given out anew is not its former owner's") {
  int closed_count = -1, given = -1;
  int again = -1;
  OnThread([&] {
    bool is_new;
    OwnerId owner = OpenOwner(&is_new);
    int fd = OwnByThread(OpenNull());
    close(fd);  // past the book
    OnThread([&] {
      again = OwnByThread(OpenNull());
      given = again == fd ? GiveDescriptor(again, owner) : -EINVAL;
      TakeDescriptor(again, owner);
    });
    closed_count = CloseOwner();
  });
  CHECK_EQ(given, 0);
  CHECK_EQ(closed_count, 0);
  CHECK(IsOpen(again));
  close(again);
}

TEST(
    "owners: a number that is another file by then is left alone, and one of the same file is "
    "not") {
  int closed_count = -1, pipe_ends[2], file = -1;
  OnThread([&] {
    bool is_new;
    OpenOwner(&is_new);
    file = OwnByThread(OpenNull());
    CHECK_EQ(pipe(pipe_ends), 0);
    CHECK_EQ(dup2(pipe_ends[0], file), file);  // closes past the book, and takes the number
    OwnByThread(OpenNull());
    closed_count = CloseOwner();
  });
  CHECK_EQ(closed_count, 1);
  CHECK(IsOpen(file));
  for (int fd : {file, pipe_ends[0], pipe_ends[1]}) close(fd);
}

TEST("owners: what another thread takes over is that one's") {
  int maker_closed_count = -1, taker_closed_count = -1, fd = -1;
  bool is_new;
  OnThread([&] {
    OpenOwner(&is_new);
    fd = OwnByThread(OpenNull());
    OnThread([&] {
      OpenOwner(&is_new);
      OwnByThread(fd);
      taker_closed_count = CloseOwner();
    });
    maker_closed_count = CloseOwner();
  });
  CHECK_EQ(taker_closed_count, 1);
  CHECK_EQ(maker_closed_count, 0);
  OnThread([&] {
    OpenOwner(&is_new);
    fd = OwnByThread(OpenNull());
    OnThread([&] { OwnByThread(fd); });  // a thread that is no owner, such as the main one
    maker_closed_count = CloseOwner();
  });
  CHECK_EQ(maker_closed_count, 0);
  CHECK(IsOpen(fd));
  close(fd);
}

TEST("owners: numbers far apart, and the highest") {
  int closed_count = -1;
  int far = -1;
  OnThread([&] {
    bool is_new;
    OpenOwner(&is_new);
    far = OwnByThread(fcntl(OwnByThread(OpenNull()), F_DUPFD_CLOEXEC, 1000));
    Disown(INT_MAX);
    OwnByThread(INT_MAX);  // not open: nothing is noted
    closed_count = CloseOwner();
  });
  CHECK(far >= 1000);
  CHECK_EQ(closed_count, 2);
  CHECK(!IsOpen(far));
}

TEST("owners: a file of a thread that ends is removed, unless it is another one by then") {
  std::string folder = "/tmp/edgewise-owners-XXXXXX";
  CHECK(mkdtemp(folder.data()) != nullptr);
  std::string paths[] = {folder + "/own", folder + "/replaced", folder + "/disowned"};
  auto make = [](const std::string& path) { close(open(path.c_str(), O_CREAT | O_WRONLY, 0600)); };
  for (const std::string& path : paths) make(path);
  for (const std::string& path : paths) OwnFile(path);  // by a thread that is no owner: nothing
  OnThread([&] {
    bool is_new;
    OpenOwner(&is_new);
    for (const std::string& path : paths) OwnFile(path);
    OwnFile(folder + "/missing");
    make(paths[1] + ".new");
    CHECK_EQ(rename((paths[1] + ".new").c_str(), paths[1].c_str()), 0);
    DisownFile(paths[2]);
    CloseOwner();
  });
  CHECK(access(paths[0].c_str(), F_OK) < 0);
  CHECK_EQ(unlink(paths[1].c_str()), 0);
  CHECK_EQ(unlink(paths[2].c_str()), 0);
  CHECK_EQ(rmdir(folder.c_str()), 0);
}

TEST("owners: of several none is noted when the call that made them has failed") {
  int closed_count = -1, passed_on = 0;
  int32_t fds[] = {OpenNull(), OpenNull()};
  OnThread([&] {
    bool is_new;
    OpenOwner(&is_new);
    passed_on = OwnByThread(-EMFILE, fds, 2);
    closed_count = CloseOwner();
  });
  CHECK_EQ(passed_on, -EMFILE);
  CHECK_EQ(closed_count, 0);
  for (int fd : fds) close(fd);
}

TEST("owners: what was given is closed by its new owner, and by no other") {
  OwnerId taker = 0;
  int fd = -1, given = -1, giver_closed_count = -1, taker_closed_count = -1;
  bool was_open_between = false;
  OnThread([&] {
    bool is_new;
    taker = OpenOwner(&is_new);
    OnThread([&] {
      OpenOwner(&is_new);
      fd = OwnByThread(OpenNull());
      given = GiveDescriptor(fd, taker);
      giver_closed_count = CloseOwner();
    });
    was_open_between = IsOpen(fd);
    taker_closed_count = CloseOwner();
  });
  CHECK_EQ(given, 0);
  CHECK_EQ(giver_closed_count, 0);
  CHECK(was_open_between);
  CHECK_EQ(taker_closed_count, 1);
  CHECK(!IsOpen(fd));
}

TEST("owners: giving to an owner that has ended, or what is another's, changes nothing") {
  int to_ended = 0, others = 0, closed_count = -1;
  OwnerId ended = 0;
  OnThread([&] {
    bool is_new;
    ended = OpenOwner(&is_new);
    CloseOwner();
  });
  OnThread([&] {
    bool is_new;
    OwnerId owner = OpenOwner(&is_new);
    int fd = OwnByThread(OpenNull());
    to_ended = GiveDescriptor(fd, ended);
    OnThread([&] {
      OpenOwner(&is_new);
      others = GiveDescriptor(fd, owner);
      CloseOwner();
    });
    closed_count = CloseOwner();
  });
  CHECK_EQ(to_ended, -ESRCH);
  CHECK_EQ(others, -EPERM);
  CHECK_EQ(closed_count, 1);
}

TEST("owners: what was given can be taken back while it is the other's") {
  int taken = -1, taken_twice = 0, from_no_owner = 0, closed_count = -1, taker_closed_count = -1;
  OnThread([&] {
    bool is_new;
    OpenOwner(&is_new);
    int fd = OwnByThread(OpenNull());
    OwnerId taker = 0;
    std::atomic<bool> is_open{false}, may_end{false};
    std::thread other([&] {
      bool is_new_too;
      taker = OpenOwner(&is_new_too);
      is_open = true;
      while (!may_end) std::this_thread::yield();
      taker_closed_count = CloseOwner();
    });
    while (!is_open) std::this_thread::yield();
    GiveDescriptor(fd, taker);
    taken = TakeDescriptor(fd, taker);
    taken_twice = TakeDescriptor(fd, taker);
    from_no_owner = TakeDescriptor(fd, 0);
    may_end = true;
    other.join();
    closed_count = CloseOwner();
  });
  CHECK_EQ(taken, 0);
  CHECK_EQ(taken_twice, -ESRCH);
  CHECK_EQ(from_no_owner, -ESRCH);
  CHECK_EQ(taker_closed_count, 0);
  CHECK_EQ(closed_count, 1);
}

TEST("owners: while threads give and end, each descriptor is closed once") {
  constexpr int kThreads = 4, kEach = 200;
  std::atomic<OwnerId> ids[kThreads] = {};
  std::atomic<int> ready_count{0};
  int closed_counts[kThreads] = {};
  std::vector<std::thread> threads;
  for (int self = 0; self < kThreads; self++) {
    threads.emplace_back([&, self] {
      bool is_new;
      ids[self] = OpenOwner(&is_new);
      for (ready_count++; ready_count < kThreads;) std::this_thread::yield();
      for (int i = 0; i < kEach; i++) {
        int fd = OwnByThread(OpenNull());
        OwnerId to = ids[(self + i) % kThreads];  // ESRCH: it has ended, and ours it stays
        GiveDescriptor(fd, to);
      }
      closed_counts[self] = CloseOwner();
    });
  }
  int sum = 0;
  for (int self = 0; self < kThreads; self++) {
    threads[self].join();
    sum += closed_counts[self];
  }
  CHECK_EQ(sum, kThreads * kEach);
  CHECK_EQ(GiveDescriptor(0, kNeverOpened), -ESRCH);
}

}  // namespace
}  // namespace edgewise::test
