#include "watch_table.h"

#include <errno.h>
#include <fcntl.h>

#include "platform.h"

namespace edgewise {

int WatchTable::Add(int fd, Token token, uint32_t interest, Trigger trigger) {
  if (IsEdge(trigger)) return -ENOTSUP;
  FileIdentity file;
  int result = FileIdentity::Read(fd, &file);
  if (result == 0 && !file.is_stream) result = CheckPollable(fd);
  if (result < 0) return result;
  int index = IndexOf(fd);
  if (index == kAbsent) {
    if (static_cast<size_t>(fd) >= index_by_fd_.size()) index_by_fd_.resize(fd * 2 + 64, kAbsent);
    index = index_by_fd_[fd] = static_cast<int>(watches_.size());
    watches_.emplace_back();
  } else if (watches_[index].file == file) {
    return -EEXIST;
  }
  watches_[index] = {fd, interest, trigger, true, token, file};
  return 0;
}

int WatchTable::Modify(int fd, Token token, uint32_t interest, Trigger trigger) {
  if (IsEdge(trigger)) return -ENOTSUP;
  FileIdentity file;
  int result = FileIdentity::Read(fd, &file);
  if (result < 0) return result;
  int index = IndexOf(fd);
  if (index == kAbsent) return -ENOENT;
  Watch& watch = watches_[index];
  if (!(watch.file == file)) return -ENOENT;
  watch.interest = interest;
  watch.trigger = trigger;
  watch.token = token;
  watch.is_armed = true;
  return 0;
}

bool WatchTable::IsSameFile(const Watch& watch) {
  FileIdentity file;
  return FileIdentity::Read(watch.fd, &file) == 0 && watch.file == file;
}

int WatchTable::Remove(int fd) {
  int index = IndexOf(fd);
  if (index == kAbsent) return fcntl(fd, F_GETFD) < 0 ? -EBADF : -ENOENT;
  FileIdentity file;
  int result = FileIdentity::Read(fd, &file);
  // The number may stand for another file now, which was never added.
  if (result == 0 && !(watches_[index].file == file)) result = -ENOENT;
  watches_[index] = watches_.back();
  index_by_fd_[watches_[index].fd] = index;
  watches_.pop_back();
  index_by_fd_[fd] = kAbsent;
  return result;
}

}  // namespace edgewise
