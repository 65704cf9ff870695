#include "waker_registry.h"

#include <errno.h>

#include <mutex>
#include <unordered_map>

namespace edgewise {
namespace {

struct Entry {
  Poller* poller;
  bool is_pending;
};

// The lock is held while notifying, so that a poller is not taken down under a wake-up.
std::mutex mutex;
std::unordered_map<WakerId, Entry>& Entries() {
  // Never destroyed: a thread may wake while the process exits.
  static auto* entries = new std::unordered_map<WakerId, Entry>();
  return *entries;
}

// The address at which this library is loaded is above the count: a second copy of it in the
// process has its own registry, and its numbers are none of this one.
WakerId last_id = (uint64_t{reinterpret_cast<uintptr_t>(&mutex)} >> 12 & 0xfffff) << 32;

}  // namespace

WakerId CreateWaker(Poller* poller) {
  std::lock_guard<std::mutex> lock(mutex);
  Entries()[++last_id] = {poller, false};
  return last_id;
}

bool TakeWaker(WakerId id) {
  std::lock_guard<std::mutex> lock(mutex);
  auto entry = Entries().find(id);
  if (entry == Entries().end() || !entry->second.is_pending) return false;
  entry->second.is_pending = false;
  return true;
}

int Wake(WakerId id) {
  std::lock_guard<std::mutex> lock(mutex);
  auto entry = Entries().find(id);
  if (entry == Entries().end()) return -EBADF;
  if (entry->second.is_pending) return 0;
  int result = entry->second.poller->Notify();
  if (result < 0) return result;
  entry->second.is_pending = true;
  return 1;
}

void CloseWaker(WakerId id) {
  std::lock_guard<std::mutex> lock(mutex);
  Entries().erase(id);
}

void CloseWakersOf(Poller* poller) {
  std::lock_guard<std::mutex> lock(mutex);
  for (auto entry = Entries().begin(); entry != Entries().end();) {
    entry = entry->second.poller == poller ? Entries().erase(entry) : std::next(entry);
  }
}

}  // namespace edgewise
