// The system calls on descriptors that are the same on every Unix. See io_ops.h.
#include "io_ops.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace edgewise::sys {
namespace {

// The commands with a number as their argument, or none. With any other the kernel would take the
// number for an address in this process and write to it.
constexpr int kNumericCommands[] = {
    F_DUPFD_CLOEXEC, F_GETFD,      F_SETFD, F_GETFL, F_SETFL,
#ifdef F_GETPIPE_SZ
    F_GETPIPE_SZ,    F_SETPIPE_SZ,
#endif
#ifdef F_GET_SEALS
    F_GET_SEALS,     F_ADD_SEALS,
#endif
};

bool IsNumeric(int command) {
  for (int known : kNumericCommands) {
    if (command == known) return true;
  }
  return false;
}

}  // namespace

int Read(int fd, void* data, size_t length) {
  return Result(read(fd, data, ClampTransfer(length)));
}

int Write(int fd, const void* data, size_t length) {
  return Result(write(fd, data, ClampTransfer(length)));
}

int Readv(int fd, const iovec* vectors, int count) { return Result(readv(fd, vectors, count)); }

int Writev(int fd, const iovec* vectors, int count) { return Result(writev(fd, vectors, count)); }

int Pread(int fd, void* data, size_t length, int64_t offset) {
  return Result(pread(fd, data, ClampTransfer(length), static_cast<off_t>(offset)));
}

int64_t FileSize(int fd) {
  struct stat status;
  int result = Result(fstat(fd, &status));
  if (result < 0) return result;
  if (S_ISREG(status.st_mode)) return status.st_size;
  return S_ISDIR(status.st_mode) ? -EISDIR : -ESPIPE;
}

int LockFile(int fd) { return Result(flock(fd, LOCK_EX | LOCK_NB)); }

int Close(int fd) { return Result(close(fd)); }

int Fcntl(int fd, int command, int argument) {
  if (command == F_DUPFD) command = F_DUPFD_CLOEXEC;
  if (!IsNumeric(command)) return -EINVAL;
  return Result(fcntl(fd, command, argument));
}

int Dup(int fd) { return Fcntl(fd, F_DUPFD_CLOEXEC, 0); }

}  // namespace edgewise::sys
