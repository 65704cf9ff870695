// Event tapes for kqueue_merge.h: what each kernel returns from kevent(2) in situations that Linux
// cannot produce, as its sources and manual pages have it, one batch per wait.
#include <errno.h>

#include <initializer_list>
#include <map>

#include "harness.h"
#include "kqueue_merge.h"

namespace edgewise::test {
namespace {

constexpr uint32_t kReadWrite = kInterestReadable | kInterestWritable;

FilterEvent Read(int fd, int64_t data) { return {fd, Filter::kRead, false, 0, 0, data}; }
FilterEvent Write(int fd, int64_t data) { return {fd, Filter::kWrite, false, 0, 0, data}; }
FilterEvent ReadEnd(int fd, int64_t data, uint32_t error = 0) {
  return {fd, Filter::kRead, true, 0, error, data};
}
FilterEvent WriteEnd(int fd, uint32_t error = 0) { return {fd, Filter::kWrite, true, 0, error, 0}; }

// A table of registrations and the sink of the last wait.
class Player {
 public:
  void Register(int fd, uint32_t interest, Trigger trigger = Trigger::kLevel) {
    KqueueEntry entry;
    entry.token = {static_cast<uint32_t>(fd), 1};
    entry.interest = interest;
    entry.trigger = trigger;
    entry.is_used = entry.is_armed = true;
    entries_[fd] = entry;
  }
  KqueueEntry& entry(int fd) { return entries_[fd]; }

  int Play(std::initializer_list<FilterEvent> batch, int capacity = 8) {
    sink = ReadySink{records, capacity};
    wait_number_++;
    for (const FilterEvent& event : batch) {
      is_complete = MergeEvent(entries_[event.fd], event, wait_number_, sink);
    }
    return sink.count;
  }

  ReadyRecord records[8];
  ReadySink sink{records, 8};
  bool is_complete = true;

 private:
  std::map<int, KqueueEntry> entries_;
  uint64_t wait_number_ = 0;
};

TEST("tape: two filters of one descriptor are one record, in any order") {
  Player player;
  player.Register(5, kReadWrite);
  player.Register(6, kReadWrite);
  CHECK_EQ(player.Play({Write(5, 100), Read(6, 1), Read(5, 3), Write(6, 100)}), 2);
  CHECK_EQ(player.records[0].slot, 5);
  CHECK_EQ(player.records[0].readiness, kReadable | kWritable);
  CHECK_EQ(player.records[1].slot, 6);
  CHECK_EQ(player.records[1].readiness, kReadable | kWritable);
}

TEST("tape: an end with unread data is readable and readClosed") {
  Player player;
  player.Register(5, kInterestReadable);
  CHECK_EQ(player.Play({ReadEnd(5, 10)}), 1);
  CHECK_EQ(player.records[0].readiness, kReadable | kReadClosed);
}

TEST("tape: the end of the read side wakes a writer (pipe on macOS and OpenBSD)") {
  Player player;
  player.Register(5, kInterestWritable);
  CHECK_EQ(player.Play({ReadEnd(5, 0)}), 1);
  CHECK_EQ(player.records[0].readiness, kReadClosed | kWritable);
}

TEST("tape: a FIN is for those that want to read or ask for it, a hang-up for all") {
  Player player;
  for (int fd : {5, 6, 7, 8}) player.Register(fd, 0);
  player.entry(6).interest = kInterestReadClosed;
  player.entry(7).interest = kInterestWritable;
  player.entry(8).interest = kInterestReadable;
  for (int fd : {5, 6, 7, 8}) player.entry(fd).is_socket = true;
  CHECK_EQ(player.Play({ReadEnd(5, 0), ReadEnd(6, 0), ReadEnd(7, 0), ReadEnd(8, 0)}), 2);
  CHECK_EQ(player.records[0].readiness, kReadClosed);
  CHECK_EQ(player.records[1].readiness, kReadable | kReadClosed);
  CHECK_EQ(player.Play({WriteEnd(5), WriteEnd(7)}), 2);
  CHECK_EQ(player.records[0].readiness, kReadClosed | kWriteClosed);
  CHECK_EQ(player.records[1].readiness, kWritable | kReadClosed | kWriteClosed);
  CHECK_EQ(player.Play({WriteEnd(5)}), 0);  // interest 0: once
}

TEST("tape: an own end of the write side is no hang-up, an error is for all") {
  Player player;
  for (int fd : {5, 6}) player.Register(fd, 0);
  for (int fd : {5, 6}) player.entry(fd).is_socket = true;
  CHECK_EQ(player.Play({WriteEnd(5)}), 0);
  CHECK_EQ(player.Play({ReadEnd(5, 0)}), 1);
  CHECK_EQ(player.records[0].readiness, kReadClosed | kWriteClosed);
  CHECK_EQ(player.Play({ReadEnd(6, 0, ECONNRESET)}), 1);
  CHECK_EQ(player.records[0].readiness, kReadClosed | kError);
}

TEST("tape: a full disconnect ends both sides in one record") {
  Player player;
  player.Register(5, kReadWrite);
  CHECK_EQ(player.Play({ReadEnd(5, 0), WriteEnd(5)}), 1);
  CHECK_EQ(player.records[0].readiness, kReadable | kWritable | kReadClosed | kWriteClosed);
}

TEST("tape: a reset is an error with its errno as the detail") {
  Player player;
  player.Register(5, kInterestReadable);
  CHECK_EQ(player.Play({ReadEnd(5, 0, ECONNRESET)}), 1);
  CHECK_EQ(player.records[0].readiness, kReadable | kReadClosed | kError);
  CHECK_EQ(player.records[0].detail, ECONNRESET);
}

TEST("tape: an EV_ERROR entry is an error, whatever its other fields say") {
  Player player;
  player.Register(5, kInterestReadable);
  CHECK_EQ(player.Play({{5, Filter::kRead, false, EBADF, 0, EBADF}}), 1);
  CHECK_EQ(player.records[0].readiness, kReadable | kError);
  CHECK_EQ(player.records[0].detail, EBADF);
}

TEST("tape: under edge a UNIX socket's second end is dropped (FreeBSD, macOS)") {
  Player player;
  player.Register(5, kInterestReadable, Trigger::kEdge);
  CHECK_EQ(player.Play({ReadEnd(5, 0)}), 1);
  CHECK_EQ(player.Play({ReadEnd(5, 0)}), 0);
}

TEST("tape: under edge a reset after a FIN is reported") {
  Player player;
  player.Register(5, kInterestReadable, Trigger::kEdge);
  CHECK_EQ(player.Play({ReadEnd(5, 0)}), 1);
  CHECK_EQ(player.Play({ReadEnd(5, 0, ECONNRESET)}), 1);
  CHECK_EQ(player.records[0].readiness & kError, kError);
}

TEST("tape: under level an end is reported at every wait") {
  Player player;
  player.Register(5, kInterestReadable);
  CHECK_EQ(player.Play({ReadEnd(5, 0)}), 1);
  CHECK_EQ(player.Play({ReadEnd(5, 0)}), 1);
}

TEST("tape: the filters of a oneshot that come in two waits are one record") {
  Player player;
  player.Register(5, kReadWrite, Trigger::kOneshot);
  CHECK_EQ(player.Play({Write(5, 100)}), 1);
  CHECK_EQ(player.Play({Read(5, 1)}), 0);
  player.Register(5, kReadWrite, Trigger::kOneshot);
  CHECK_EQ(player.Play({Write(5, 100), Read(5, 1)}), 1);
  CHECK_EQ(player.records[0].readiness, kReadable | kWritable);
}

TEST("tape: data seen by the hang-up watch is nothing to report") {
  Player player;
  player.Register(5, 0);
  player.Register(6, kInterestWritable);
  CHECK_EQ(player.Play({Read(5, 9), Write(5, 9), Read(6, 9)}), 0);
  CHECK(player.entry(5).is_armed);
  CHECK_EQ(player.Play({ReadEnd(5, 9)}), 1);
  CHECK_EQ(player.Play({ReadEnd(5, 9, ECONNRESET)}), 0);  // interest 0: once
}

TEST("tape: out-of-band data is priority, and its fflags are no errno") {
  Player player;
  player.Register(5, kInterestPriority);
  CHECK_EQ(player.Play({{5, Filter::kExcept, true, 0, 2, 1}}), 1);
  CHECK_EQ(player.records[0].readiness, kPriority);
}

TEST("tape: a full sink takes the second filter of a record that it has, and no new one") {
  Player player;
  player.Register(5, kReadWrite);
  player.Register(6, kReadWrite, Trigger::kOneshot);
  CHECK_EQ(player.Play({Read(5, 1), Write(5, 1)}, 1), 1);
  CHECK(player.is_complete);
  CHECK_EQ(player.Play({Read(5, 1), Read(6, 1)}, 1), 1);
  CHECK(!player.is_complete);
  CHECK(player.entry(6).is_armed);
}

TEST("tape: a number that is not registered gets no event") {
  Player player;
  CHECK_EQ(player.Play({Read(7, 1), ReadEnd(7, 0, ECONNRESET)}), 0);
}

TEST("tape: the host loop's token is a signal and merges with no record") {
  Player player;
  player.Register(5, kInterestReadable);
  player.entry(5).token = kHostLoopToken;
  player.Register(6, kReadWrite);
  CHECK_EQ(player.Play({Read(6, 1), Read(5, 1), Write(6, 1)}), 1);
  CHECK_EQ(player.sink.signals, ReadySink::kHostLoopReady);
  CHECK_EQ(player.records[0].readiness, kReadable | kWritable);
}

}  // namespace
}  // namespace edgewise::test
