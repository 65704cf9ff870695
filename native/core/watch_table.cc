#include "watch_table.h"

#include <errno.h>

namespace edgewise {
namespace {

// Finds the identity of what `fd` stands for now. Regular files and directories are refused with
// epoll's EPERM: they are always ready, so there is nothing to wait for.
int Identify(int fd, struct stat* identity) {
  if (fstat(fd, identity) < 0) return -errno;
  return S_ISREG(identity->st_mode) || S_ISDIR(identity->st_mode) ? -EPERM : 0;
}

}  // namespace

int WatchTable::Add(int fd, Token token, uint32_t interest, Trigger trigger) {
  if (IsEdge(trigger)) return -ENOTSUP;
  struct stat identity;
  int result = Identify(fd, &identity);
  if (result < 0) return result;
  int index = IndexOf(fd);
  if (index == kAbsent) {
    if (static_cast<size_t>(fd) >= index_by_fd_.size()) index_by_fd_.resize(fd * 2 + 64, kAbsent);
    index = index_by_fd_[fd] = static_cast<int>(watches_.size());
    watches_.emplace_back();
  } else if (watches_[index].device == identity.st_dev &&
             watches_[index].inode == identity.st_ino) {
    return -EEXIST;
  }
  watches_[index] = {fd, interest, trigger, true, token, identity.st_dev, identity.st_ino};
  return 0;
}

int WatchTable::Modify(int fd, Token token, uint32_t interest, Trigger trigger) {
  if (IsEdge(trigger)) return -ENOTSUP;
  struct stat identity;
  int result = Identify(fd, &identity);
  if (result < 0) return result;
  int index = IndexOf(fd);
  if (index == kAbsent) return -ENOENT;
  Watch& watch = watches_[index];
  if (watch.device != identity.st_dev || watch.inode != identity.st_ino) return -ENOENT;
  watch.interest = interest;
  watch.trigger = trigger;
  watch.token = token;
  watch.is_armed = true;
  return 0;
}

bool WatchTable::IsSameFile(const Watch& watch) {
  struct stat identity;
  return fstat(watch.fd, &identity) == 0 && watch.device == identity.st_dev &&
         watch.inode == identity.st_ino;
}

int WatchTable::Remove(int fd) {
  int index = IndexOf(fd);
  if (index == kAbsent) return -ENOENT;
  struct stat identity;
  int result = fstat(fd, &identity) < 0 ? -errno : 0;
  if (result == 0 &&
      (watches_[index].device != identity.st_dev || watches_[index].inode != identity.st_ino)) {
    result = -ENOENT;  // the number stands for another file now, which was never added
  }
  watches_[index] = watches_.back();
  index_by_fd_[watches_[index].fd] = index;
  watches_.pop_back();
  index_by_fd_[fd] = kAbsent;
  return result;
}

}  // namespace edgewise
