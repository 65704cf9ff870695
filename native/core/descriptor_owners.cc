#include "descriptor_owners.h"

#include <errno.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace edgewise {
namespace {

struct Book {
  std::unordered_map<int, OwnerId> owner_of;
  std::unordered_set<OwnerId> open;
  OwnerId last_id = 0;
};

std::mutex mutex;
Book& book() {
  // Never destroyed: a thread may end while the process exits.
  static auto* book = new Book();
  return *book;
}
thread_local OwnerId own_id = 0;

// How many owners there are, so that a process without any never takes the lock. Relaxed: an owner
// is counted before it has its first descriptor, and a thread that got the number of one since,
// from it or from the kernel, sees that.
std::atomic<size_t> open_count{0};
bool HasOwners() { return open_count.load(std::memory_order_relaxed) != 0; }

// 0: no owner that is written down.
OwnerId OwnerOf(int fd) {
  auto entry = book().owner_of.find(fd);
  return entry == book().owner_of.end() ? 0 : entry->second;
}

void SetOwner(int fd, OwnerId id) {
  if (id == 0) {
    book().owner_of.erase(fd);
  } else {
    book().owner_of[fd] = id;
  }
}

}  // namespace

OwnerId OpenOwner(bool* is_new) {
  std::lock_guard<std::mutex> lock(mutex);
  *is_new = book().open.count(own_id) == 0;
  if (*is_new) {
    own_id = ++book().last_id;
    book().open.insert(own_id);
    open_count = book().open.size();
  }
  return own_id;
}

int CloseOwner() {
  OwnerId id = own_id;
  own_id = 0;
  std::vector<int> left;
  {
    std::lock_guard<std::mutex> lock(mutex);
    if (book().open.erase(id) == 0) return 0;
    open_count = book().open.size();
    auto& owner_of = book().owner_of;
    for (auto entry = owner_of.begin(); entry != owner_of.end();) {
      if (entry->second == id) left.push_back(entry->first);
      entry = entry->second == id ? owner_of.erase(entry) : std::next(entry);
    }
  }
  // They have no other user: the thread that could use them has ended.
  for (int fd : left) close(fd);
  return static_cast<int>(left.size());
}

int OwnByThread(int fd) {
  if (fd < 0 || !HasOwners()) return fd;
  std::lock_guard<std::mutex> lock(mutex);
  SetOwner(fd, own_id);
  return fd;
}

int OwnByThread(int result, const int32_t* fds, size_t count) {
  for (size_t i = 0; result >= 0 && i < count; i++) OwnByThread(fds[i]);
  return result;
}

void Disown(int fd) {
  if (!HasOwners()) return;
  std::lock_guard<std::mutex> lock(mutex);
  SetOwner(fd, 0);
}

int GiveDescriptor(int fd, OwnerId to) {
  std::lock_guard<std::mutex> lock(mutex);
  if (book().open.count(to) == 0) return -ESRCH;
  if (OwnerOf(fd) != own_id) return -EPERM;
  SetOwner(fd, to);
  return 0;
}

int TakeDescriptor(int fd, OwnerId from) {
  std::lock_guard<std::mutex> lock(mutex);
  if (from == 0 || OwnerOf(fd) != from) return -ESRCH;
  SetOwner(fd, own_id);
  return 0;
}

}  // namespace edgewise
