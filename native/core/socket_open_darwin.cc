// The calls that make sockets and pipes on macOS, which sets no flag in the call: fcntl(2) does it
// afterwards. A fork on another thread in between hands the descriptor to the child.
#include <fcntl.h>
#include <unistd.h>

#include "io_ops.h"
#include "socket_ops.h"

namespace edgewise::sys {
namespace {

// Makes `fd` close-on-exec, and non-blocking or blocking; closes it if that fails. An accepted
// socket inherits O_NONBLOCK from its listener here, so it is set either way.
int Prepare(int fd, bool is_nonblocking) {
  if (fd < 0) return fd;
  int flags = fcntl(fd, F_GETFL);
  int wanted = is_nonblocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
  if (flags >= 0 && fcntl(fd, F_SETFL, wanted) >= 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) >= 0) {
    return fd;
  }
  int failure = -errno;
  close(fd);
  return failure;
}

int PreparePair(int32_t fds[2], bool is_nonblocking) {
  int first = Prepare(fds[0], is_nonblocking);
  int second = Prepare(fds[1], is_nonblocking);
  if (first >= 0 && second >= 0) return 0;
  if (first >= 0) close(first);
  if (second >= 0) close(second);
  return first < 0 ? first : second;
}

constexpr int kFlags = kSockNonblock | kSockCloexec;

}  // namespace

int Socket(int domain, int type, int protocol) {
  int fd = Result(socket(domain, type & ~kFlags, protocol));
  return WithoutSigpipe(Prepare(fd, (type & kSockNonblock) != 0));
}

int Socketpair(int domain, int type, int protocol, int32_t fds[2]) {
  int result = Result(socketpair(domain, type & ~kFlags, protocol, fds));
  if (result < 0) return result;
  result = PreparePair(fds, (type & kSockNonblock) != 0);
  if (result < 0) return result;
  WithoutSigpipe(fds[0]);
  WithoutSigpipe(fds[1]);
  return 0;
}

int Accept4(int fd, AddressSlot* from, int flags) {
  if ((flags & ~kFlags) != 0) return -EINVAL;
  sockaddr_storage unused;
  socklen_t room = sizeof(unused);
  sockaddr* address = from == nullptr ? reinterpret_cast<sockaddr*>(&unused) : from->get();
  int result = Prepare(Result(accept(fd, address, &room)), (flags & kSockNonblock) != 0);
  if (result >= 0 && from != nullptr) from->SetLength(room);
  return WithoutSigpipe(result);
}

int Pipe2(int32_t fds[2], int flags) {
  if ((flags & ~(O_NONBLOCK | O_CLOEXEC)) != 0) return -EINVAL;
  int result = Result(pipe(fds));
  return result < 0 ? result : PreparePair(fds, (flags & O_NONBLOCK) != 0);
}

}  // namespace edgewise::sys
