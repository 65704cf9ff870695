// Which file a descriptor stands for: its device and inode (fstat(2)). Anonymous files (eventfd,
// timerfd, epoll) have one identity for all of their kind.
#pragma once

#include <sys/stat.h>

namespace edgewise {

struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;

  // That of no file when `fd` is not open.
  static FileIdentity Of(int fd) {
    struct stat file;
    return fstat(fd, &file) == 0 ? FileIdentity{file.st_dev, file.st_ino} : FileIdentity{};
  }

  bool operator==(const FileIdentity& other) const {
    return device == other.device && inode == other.inode;
  }
};

}  // namespace edgewise
