// The raw epoll calls, for a program that wants to see them one by one (src/sys/epoll.ts). The
// Poller does not go through here. The kernel's record is 12 bytes on x86-64 and 16 elsewhere; it
// is copied into one of 16 that JavaScript reads: events (u32), 0, data (f64).
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "addon.h"
#include "arrays.h"
#include "descriptor_owners.h"
#include "result.h"

namespace edgewise {
namespace {

struct EventRecord {
  uint32_t events;
  uint32_t reserved;
  double data;
};
static_assert(sizeof(EventRecord) == 16, "src/sys/epoll.ts reads 16 bytes per record");

constexpr uint32_t kEventsMax = 1024;

int EpollCreate1(const Args<1>& args) {
  int flags;
  if (!FlagsAt(args, 0, &flags)) return kRefused;
  return OwnByThread(Result(epoll_create1(flags | EPOLL_CLOEXEC)));
}

// (epfd, op, fd, events, data). Bit 31 of events may come in as a sign: JavaScript's `|` is signed.
int EpollCtl(const Args<5>& args) {
  int epoll_fd, operation, fd;
  double events;
  int64_t data;
  if (!args.Fd(0, &epoll_fd) || !args.Fd(1, &operation) || !args.Fd(2, &fd) ||
      !args.Double(3, &events) || !(events >= INT32_MIN && events <= UINT32_MAX) ||
      events != std::trunc(events) || !args.Offset(4, &data)) {
    return kRefused;
  }
  epoll_event event = {};
  event.events = static_cast<uint32_t>(static_cast<int64_t>(events));
  event.data.u64 = static_cast<uint64_t>(data);
  return Result(epoll_ctl(epoll_fd, operation, fd, &event));
}

// (epfd, records, maxevents, timeout).
int EpollWait(const Args<4>& args) {
  int epoll_fd, events_max, timeout_ms;
  Bytes records;
  if (!args.Fd(0, &epoll_fd) || !args.Int32(2, &events_max) || !args.Int32(3, &timeout_ms) ||
      !args.WholeBytes(1, &records) || events_max < 1 || timeout_ms < -1 ||
      static_cast<uint32_t>(events_max) > kEventsMax ||
      records.length / sizeof(EventRecord) < static_cast<size_t>(events_max) ||
      reinterpret_cast<uintptr_t>(records.data) % alignof(EventRecord) != 0) {
    return kRefused;
  }
  epoll_event events[kEventsMax];
  int count = Result(epoll_wait(epoll_fd, events, events_max, timeout_ms));
  EventRecord* record = reinterpret_cast<EventRecord*>(records.data);
  for (int i = 0; i < count; i++) {
    uint64_t data = events[i].data.u64;
    record[i] = {events[i].events, 0, static_cast<double>(data)};
  }
  return count;
}

int NotHere(const Args<0>&) { return -ENOSYS; }

constexpr Function kFunctions[] = {
    {"epoll_create1", Call<EpollCreate1>},
    {"epoll_ctl", Call<EpollCtl>},
    {"epoll_wait", Call<EpollWait>},
    {"kqueue", Call<NotHere>},
    {"kevent", Call<NotHere>},
};

}  // namespace

void InitKernelQueue(Napi::Object exports) { DefineFunctions(exports, kFunctions); }

}  // namespace edgewise
