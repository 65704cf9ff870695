// System calls on descriptors of every kind, one function each, named after the C function.
//
// All return >= 0 or -errno, never retry (EINTR comes through), and never throw. Descriptors that
// they make are close-on-exec. What differs between kernels is in io_ops_<platform>.cc.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>

#include "result.h"

namespace edgewise::sys {

constexpr int64_t kNoOffset = -1;  // for Sendfile and Splice: use and move the file position

int Read(int fd, void* data, size_t length);
int Write(int fd, const void* data, size_t length);
int Readv(int fd, const iovec* vectors, int count);
int Writev(int fd, const iovec* vectors, int count);

// Reads at `offset`, a place in a file, and leaves the file position alone.
int Pread(int fd, void* data, size_t length, int64_t offset);

// The length of a regular file. EISDIR: a folder. ESPIPE: anything else, which has no length that
// could be promised.
int64_t FileSize(int fd);

// Takes flock(2)'s exclusive lock of a file or folder for as long as `fd` is open. EWOULDBLOCK: it
// is taken. A file system that has no such locks says EOPNOTSUPP, ENOLCK or EBADF.
int LockFile(int fd);

// Never retried: the descriptor is gone whatever the answer is (close(2), EINTR).
int Close(int fd);

// fcntl(2) for the commands with a number as their argument; EINVAL for all others, with which it
// would be a pointer. F_DUPFD makes the duplicate close-on-exec.
int Fcntl(int fd, int command, int argument);
int Dup(int fd);

// `flags` as pipe2(2): O_NONBLOCK, and O_CLOEXEC, which is always added.
int Pipe2(int32_t fds[2], int flags);

// Copies up to `count` bytes of a file to a socket. A socket without a reader raises SIGPIPE, which
// Node ignores, and this is EPIPE: sendfile takes no MSG_NOSIGNAL. EINVAL: kNoOffset where the
// kernel wants an offset (macOS, FreeBSD). ENOSYS: OpenBSD, NetBSD.
int Sendfile(int out_fd, int in_fd, int64_t offset, size_t count);

// ENOSYS: not Linux.
int Splice(int in_fd, int64_t in_offset, int out_fd, int64_t out_offset, size_t length,
           unsigned flags);
int Eventfd(unsigned initial, int flags);

}  // namespace edgewise::sys
