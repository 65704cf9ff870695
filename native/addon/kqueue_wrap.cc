// The raw kqueue calls, for a program that wants to see them one by one (src/sys/kqueue.ts). The
// Poller does not go through here. The kernel's record has another size and other widths on every
// BSD; it is copied from and into one of 40 bytes that JavaScript reads and writes.
#include <errno.h>
#include <fcntl.h>
#include <sys/event.h>
#include <sys/time.h>
#include <sys/types.h>
#include <unistd.h>

#include "addon.h"
#include "arrays.h"
#include "clock.h"
#include "descriptor_owners.h"
#include "result.h"

namespace edgewise {
namespace {

struct KeventRecord {
  double ident;
  double data;
  double udata;
  int32_t filter;
  uint32_t flags;
  uint32_t fflags;
  uint32_t reserved;
};
static_assert(sizeof(KeventRecord) == 40, "src/sys/kqueue.ts reads 40 bytes per record");

constexpr uint32_t kEventsMax = 512;
constexpr double kWholeMax = 9007199254740991.0;  // 2^53 - 1

// JavaScript may have written anything: what is no whole number in range becomes 0.
int64_t Whole(double value) {
  return value >= -kWholeMax && value <= kWholeMax ? static_cast<int64_t>(value) : 0;
}

struct kevent FromRecord(const KeventRecord& record) {
  struct kevent event = {};
  event.ident = static_cast<decltype(event.ident)>(Whole(record.ident));
  event.filter = static_cast<decltype(event.filter)>(record.filter);
  event.flags = static_cast<decltype(event.flags)>(record.flags);
  event.fflags = record.fflags;
  event.data = static_cast<decltype(event.data)>(Whole(record.data));
  event.udata = reinterpret_cast<decltype(event.udata)>(static_cast<intptr_t>(Whole(record.udata)));
  return event;
}

KeventRecord ToRecord(const struct kevent& event) {
  return {static_cast<double>(event.ident),
          static_cast<double>(event.data),
          static_cast<double>(reinterpret_cast<intptr_t>(event.udata)),
          static_cast<int32_t>(event.filter),
          static_cast<uint32_t>(event.flags),
          static_cast<uint32_t>(event.fflags),
          0};
}

// Records at `index` and how many of them to use, at `index` + 1.
bool RecordsAt(const Args<6>& args, size_t index, KeventRecord** out, int* count) {
  Bytes memory;
  if (!args.Fd(index + 1, count) || !args.WholeBytes(index, &memory) ||
      static_cast<uint32_t>(*count) > kEventsMax ||
      memory.length / sizeof(KeventRecord) < static_cast<size_t>(*count) ||
      reinterpret_cast<uintptr_t>(memory.data) % alignof(KeventRecord) != 0) {
    return false;
  }
  *out = reinterpret_cast<KeventRecord*>(memory.data);
  return true;
}

int Kqueue(const Args<0>&) {
  int fd = Result(kqueue());
  if (fd >= 0) fcntl(fd, F_SETFD, FD_CLOEXEC);
  return OwnByThread(fd);
}

// (kq, changes, nchanges, events, nevents, timeoutMs).
int Kevent(const Args<6>& args) {
  int kq, change_count, event_count;
  KeventRecord* changes;
  KeventRecord* events;
  double timeout_ms;
  if (!args.Fd(0, &kq) || !RecordsAt(args, 1, &changes, &change_count) ||
      !RecordsAt(args, 3, &events, &event_count) || !args.Double(5, &timeout_ms) ||
      !(timeout_ms == -1 || (timeout_ms >= 0 && timeout_ms <= INT32_MAX))) {
    return kRefused;
  }
  struct kevent change_list[kEventsMax];
  struct kevent event_list[kEventsMax];
  for (int i = 0; i < change_count; i++) change_list[i] = FromRecord(changes[i]);
  timespec timeout = ToTimespec(static_cast<int64_t>(std::ceil(timeout_ms * kNsPerMs)));
  int count = Result(kevent(kq, change_list, change_count, event_list, event_count,
                            timeout_ms < 0 ? nullptr : &timeout));
  for (int i = 0; i < count; i++) events[i] = ToRecord(event_list[i]);
  return count;
}

int NotHere(const Args<0>&) { return -ENOSYS; }

constexpr Function kFunctions[] = {
    {"kqueue", Call<Kqueue>},     {"kevent", Call<Kevent>},      {"epoll_create1", Call<NotHere>},
    {"epoll_ctl", Call<NotHere>}, {"epoll_wait", Call<NotHere>},
};

}  // namespace

void InitKernelQueue(Napi::Object exports) { DefineFunctions(exports, kFunctions); }

}  // namespace edgewise
