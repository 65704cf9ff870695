// Cuts every transfer that the addon does on a stream to one byte: LD_PRELOAD of `npm run
// test:long -- faults`. A caller that takes a short read or write for a whole one loses or repeats
// bytes.
//
// Only calls that come from edgewise.node are cut, so Node's own sockets and pipes stay whole, and
// only those on stream sockets and FIFOs: a datagram would be truncated, an eventfd refuses less
// than eight bytes. splice(2) stays whole. TCP sockets of the whole process get small buffers, or
// filling them takes millions of calls: Linux joins bytes that wait. dlsym(3) with RTLD_NEXT finds
// what is behind this file.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static const char kAddon[] = "edgewise.node";
static const int kBufferBytes = 8192;  // the kernel doubles it

struct Range {
  uintptr_t begin;
  uintptr_t end;
};

// The code of the addon, as dl_iterate_phdr(3) finds it.
static int FindAddon(struct dl_phdr_info* object, size_t size, void* found) {
  (void)size;
  struct Range* range = found;
  size_t length = strlen(object->dlpi_name);
  size_t tail = sizeof(kAddon) - 1;
  if (length < tail || strcmp(object->dlpi_name + length - tail, kAddon) != 0) return 0;
  for (int i = 0; i < object->dlpi_phnum; i++) {
    const ElfW(Phdr)* part = &object->dlpi_phdr[i];
    if (part->p_type != PT_LOAD || (part->p_flags & PF_X) == 0) continue;
    range->begin = object->dlpi_addr + part->p_vaddr;
    range->end = range->begin + part->p_memsz;
  }
  return 1;
}

// Not dladdr(3): it compares all symbols of Node, which takes longer than the system call.
static bool IsAddon(const void* caller) {
  static struct Range addon;  // found once; the addon stays loaded
  if (addon.end == 0) dl_iterate_phdr(FindAddon, &addon);
  return (uintptr_t)caller >= addon.begin && (uintptr_t)caller < addon.end;
}

static bool IsStream(int fd) {
  int type = 0;
  socklen_t room = sizeof(type);
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &room) == 0) return type == SOCK_STREAM;
  struct stat status;
  return fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode);
}

#define IS_CUT(fd) (IsAddon(__builtin_return_address(0)) && IsStream(fd))

// The function of this name in libc.
#define NEXT(name) \
  static typeof(&name) next; \
  if (next == NULL) next = (typeof(&name))dlsym(RTLD_NEXT, #name)

// The first of `vectors` that is not empty, cut to one byte.
static struct iovec FirstByte(const struct iovec* vectors, size_t count) {
  struct iovec byte = {NULL, 0};
  for (size_t i = 0; i < count; i++) {
    if (vectors[i].iov_len == 0) continue;
    byte.iov_base = vectors[i].iov_base;
    byte.iov_len = 1;
    break;
  }
  return byte;
}

ssize_t read(int fd, void* data, size_t length) {
  NEXT(read);
  return next(fd, data, length > 1 && IS_CUT(fd) ? 1 : length);
}

ssize_t write(int fd, const void* data, size_t length) {
  NEXT(write);
  return next(fd, data, length > 1 && IS_CUT(fd) ? 1 : length);
}

ssize_t recv(int fd, void* data, size_t length, int flags) {
  NEXT(recv);
  return next(fd, data, length > 1 && IS_CUT(fd) ? 1 : length, flags);
}

ssize_t send(int fd, const void* data, size_t length, int flags) {
  NEXT(send);
  return next(fd, data, length > 1 && IS_CUT(fd) ? 1 : length, flags);
}

ssize_t recvfrom(int fd, void* data, size_t length, int flags, struct sockaddr* restrict from,
                 socklen_t* restrict from_length) {
  NEXT(recvfrom);
  return next(fd, data, length > 1 && IS_CUT(fd) ? 1 : length, flags, from, from_length);
}

ssize_t sendto(int fd, const void* data, size_t length, int flags, const struct sockaddr* to,
               socklen_t to_length) {
  NEXT(sendto);
  return next(fd, data, length > 1 && IS_CUT(fd) ? 1 : length, flags, to, to_length);
}

ssize_t readv(int fd, const struct iovec* vectors, int count) {
  NEXT(readv);
  if (count <= 0 || !IS_CUT(fd)) return next(fd, vectors, count);
  struct iovec byte = FirstByte(vectors, (size_t)count);
  return next(fd, &byte, 1);
}

ssize_t writev(int fd, const struct iovec* vectors, int count) {
  NEXT(writev);
  if (count <= 0 || !IS_CUT(fd)) return next(fd, vectors, count);
  struct iovec byte = FirstByte(vectors, (size_t)count);
  return next(fd, &byte, 1);
}

ssize_t recvmsg(int fd, struct msghdr* message, int flags) {
  NEXT(recvmsg);
  if (message->msg_iovlen == 0 || !IS_CUT(fd)) return next(fd, message, flags);
  struct iovec* whole = message->msg_iov;
  size_t count = message->msg_iovlen;
  struct iovec byte = FirstByte(whole, count);
  message->msg_iov = &byte;
  message->msg_iovlen = 1;
  ssize_t result = next(fd, message, flags);
  message->msg_iov = whole;
  message->msg_iovlen = count;
  return result;
}

ssize_t sendmsg(int fd, const struct msghdr* message, int flags) {
  NEXT(sendmsg);
  if (message->msg_iovlen == 0 || !IS_CUT(fd)) return next(fd, message, flags);
  struct msghdr cut = *message;
  struct iovec byte = FirstByte(message->msg_iov, message->msg_iovlen);
  cut.msg_iov = &byte;
  cut.msg_iovlen = 1;
  return next(fd, &cut, flags);
}

ssize_t sendfile(int out, int in, off_t* offset, size_t count) {
  NEXT(sendfile);
  return next(out, in, offset, count > 1 && IS_CUT(out) ? 1 : count);
}

ssize_t sendfile64(int out, int in, off64_t* offset, size_t count) {
  NEXT(sendfile64);
  return next(out, in, offset, count > 1 && IS_CUT(out) ? 1 : count);
}

int socket(int domain, int type, int protocol) {
  NEXT(socket);
  int fd = next(domain, type, protocol);
  bool is_stream = (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) == SOCK_STREAM;
  if (fd < 0 || !is_stream || (domain != AF_INET && domain != AF_INET6)) return fd;
  // Those that are accepted inherit them.
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kBufferBytes, sizeof(kBufferBytes));
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kBufferBytes, sizeof(kBufferBytes));
  return fd;
}
