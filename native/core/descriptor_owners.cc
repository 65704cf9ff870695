#include "descriptor_owners.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <mutex>
#include <new>
#include <unordered_set>

namespace edgewise {
namespace {

// Which file a number stood for when it was noted; all zeros where that is not known.
struct FileMark {
  uint64_t device = 0;
  uint64_t inode = 0;

  FileMark() = default;
  explicit FileMark(const struct stat& file)
      : device(static_cast<uint64_t>(file.st_dev)), inode(static_cast<uint64_t>(file.st_ino)) {}

  bool operator==(const FileMark& other) const {
    return device == other.device && inode == other.inode;
  }
};

// Whether `fd` is open; its mark.
bool ReadMark(int fd, FileMark* mark) {
  struct stat file;
  if (fstat(fd, &file) < 0) return false;
  *mark = FileMark(file);
  return true;
}

// What is known of one number. The mark is written by the owner, or by the thread that gives to it.
struct Entry {
  std::atomic<OwnerId> owner;
  std::atomic<uint64_t> device;
  std::atomic<uint64_t> inode;
};
static_assert(std::atomic<uint64_t>::is_always_lock_free, "an accept must not take a lock");

// The entries by number, in chunks that are made when the first of their numbers has an owner and
// stay: a process whose threads own nothing has none.
constexpr int kChunkBits = 13;
constexpr size_t kChunkSize = size_t{1} << kChunkBits;
constexpr size_t kChunkCount = size_t{1} << (31 - kChunkBits);
std::atomic<Entry*> chunks[kChunkCount];
std::atomic<size_t> chunk_end{0};  // no chunk from here on

Entry* Find(int fd) {
  Entry* chunk = chunks[fd >> kChunkBits].load(std::memory_order_acquire);
  return chunk == nullptr ? nullptr : &chunk[fd & (kChunkSize - 1)];
}

// Null when there is no memory: then the number is not noted, and its descriptor may be left open.
Entry* FindOrMake(int fd) {
  if (Entry* entry = Find(fd)) return entry;
  auto* fresh = new (std::nothrow) Entry[kChunkSize]();
  if (fresh == nullptr) return nullptr;
  size_t index = static_cast<size_t>(fd >> kChunkBits);
  Entry* other = nullptr;
  if (!chunks[index].compare_exchange_strong(other, fresh)) delete[] fresh;
  size_t end = chunk_end.load();
  while (end <= index && !chunk_end.compare_exchange_weak(end, index + 1)) {
  }
  return Find(fd);
}

// Guards giving against the end of the owner that is given to.
std::mutex mutex;
std::unordered_set<OwnerId>& OpenOwners() {
  // Never destroyed: a thread may end while the process exits.
  static auto* open = new std::unordered_set<OwnerId>();
  return *open;
}
OwnerId last_id = 0;
thread_local OwnerId own_id = 0;
thread_local std::map<std::string, FileMark>* own_files = nullptr;

void SetMark(Entry& entry, FileMark mark) {
  entry.device.store(mark.device, std::memory_order_relaxed);
  entry.inode.store(mark.inode, std::memory_order_relaxed);
}

OwnerId OwnerOf(int fd) {
  const Entry* entry = Find(fd);
  return entry == nullptr ? 0 : entry->owner.load();
}

// Whether the number is still `id`'s, and stands for what was noted. It is no one's afterwards.
bool TakeFromBook(int fd, Entry& entry, OwnerId id) {
  FileMark noted, now;
  noted.device = entry.device.load(std::memory_order_relaxed);
  noted.inode = entry.inode.load(std::memory_order_relaxed);
  bool is_ours = noted == FileMark() || (ReadMark(fd, &now) && noted == now);
  return entry.owner.compare_exchange_strong(id, 0) && is_ours;
}

int CloseDescriptorsOf(OwnerId id) {
  int count = 0;
  for (size_t index = 0; index < chunk_end.load(); index++) {
    Entry* chunk = chunks[index].load(std::memory_order_acquire);
    for (size_t i = 0; chunk != nullptr && i < kChunkSize; i++) {
      if (chunk[i].owner.load() != id) continue;
      int fd = static_cast<int>(index << kChunkBits | i);
      if (!TakeFromBook(fd, chunk[i], id)) continue;
      close(fd);  // it has no other user: the thread that could use it has ended
      count++;
    }
  }
  return count;
}

void RemoveOwnFiles() {
  if (own_files == nullptr) return;
  for (const auto& [path, mark] : *own_files) {
    struct stat now;
    if (lstat(path.c_str(), &now) == 0 && FileMark(now) == mark) unlink(path.c_str());
  }
  delete own_files;
  own_files = nullptr;
}

}  // namespace

OwnerId OpenOwner(bool* is_new) {
  *is_new = own_id == 0;
  if (*is_new) {
    std::lock_guard<std::mutex> lock(mutex);
    own_id = ++last_id;
    OpenOwners().insert(own_id);
  }
  return own_id;
}

int CloseOwner() {
  OwnerId id = own_id;
  if (id == 0) return 0;
  own_id = 0;
  {
    std::lock_guard<std::mutex> lock(mutex);
    OpenOwners().erase(id);
  }
  RemoveOwnFiles();  // first: what is listened on is not taken for stale, and replaced
  return CloseDescriptorsOf(id);
}

int OwnByThread(int fd) {
  if (fd < 0) return fd;
  FileMark mark;
  Entry* entry = own_id != 0 && ReadMark(fd, &mark) ? FindOrMake(fd) : nullptr;
  if (entry == nullptr) {
    Disown(fd);
    return fd;
  }
  // The owner first: one that noted this number before, and ends now, finds that it has lost it.
  entry->owner.store(own_id);
  SetMark(*entry, mark);
  return fd;
}

int OwnByThread(int result, const int32_t* fds, size_t count) {
  for (size_t i = 0; result >= 0 && i < count; i++) OwnByThread(fds[i]);
  return result;
}

void Disown(int fd) {
  if (Entry* entry = Find(fd)) entry->owner.store(0);
}

int GiveDescriptor(int fd, OwnerId to) {
  std::lock_guard<std::mutex> lock(mutex);
  if (OpenOwners().count(to) == 0) return -ESRCH;
  if (OwnerOf(fd) != own_id) return -EPERM;
  Entry* entry = FindOrMake(fd);
  if (entry == nullptr) return -ENOMEM;
  if (own_id == 0) SetMark(*entry, FileMark());  // what is there is an earlier file's
  entry->owner.store(to);
  return 0;
}

int TakeDescriptor(int fd, OwnerId from) {
  std::lock_guard<std::mutex> lock(mutex);
  Entry* entry = Find(fd);
  // The end of `from` takes no lock for each of its descriptors.
  bool is_taken =
      from != 0 && entry != nullptr && entry->owner.compare_exchange_strong(from, own_id);
  return is_taken ? 0 : -ESRCH;
}

void OwnFile(const std::string& path) {
  struct stat file;
  if (own_id == 0 || lstat(path.c_str(), &file) < 0) return;
  if (own_files == nullptr) own_files = new std::map<std::string, FileMark>();
  own_files->insert_or_assign(path, FileMark(file));
}

void DisownFile(const std::string& path) {
  if (own_files != nullptr) own_files->erase(path);
}

}  // namespace edgewise
