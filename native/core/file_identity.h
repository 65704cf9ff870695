// Which file a descriptor stands for: its device and inode (fstat(2)), and of a pipe, where
// the two ends share both, the end. Anonymous files (eventfd, timerfd, epoll) have one identity for
// all of their kind.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

namespace edgewise {

struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  int pipe_end = 0;        // O_RDONLY, O_WRONLY, O_RDWR; 0 of what is no pipe
  bool is_stream = false;  // a socket, pipe or FIFO: it can be waited for

  // 0, or -errno of fstat(2) with `identity` left as it is.
  static int Read(int fd, FileIdentity* identity) {
    struct stat file;
    if (fstat(fd, &file) < 0) return -errno;
    identity->device = file.st_dev;
    identity->inode = file.st_ino;
    identity->pipe_end = S_ISFIFO(file.st_mode) ? fcntl(fd, F_GETFL) & O_ACCMODE : 0;
    identity->is_stream = S_ISSOCK(file.st_mode) || S_ISFIFO(file.st_mode);
    return 0;
  }

  // That of no file when `fd` is not open.
  static FileIdentity Of(int fd) {
    FileIdentity identity;
    Read(fd, &identity);
    return identity;
  }

  bool operator==(const FileIdentity& other) const {
    return device == other.device && inode == other.inode && pipe_end == other.pipe_end;
  }
};

}  // namespace edgewise
