// The calls that make sockets and pipes, on kernels that take SOCK_NONBLOCK, SOCK_CLOEXEC and
// their pipe2(2) like in the call itself: Linux, FreeBSD, OpenBSD, NetBSD. There is no moment in
// which another thread's fork could hand the descriptor to a child.
#include <fcntl.h>
#include <unistd.h>

#include "io_ops.h"
#include "socket_ops.h"

namespace edgewise::sys {

int Socket(int domain, int type, int protocol) {
  return WithoutSigpipe(Result(socket(domain, type | SOCK_CLOEXEC, protocol)));
}

int Socketpair(int domain, int type, int protocol, int32_t fds[2]) {
  int result = Result(socketpair(domain, type | SOCK_CLOEXEC, protocol, fds));
  if (result < 0) return result;
  WithoutSigpipe(fds[0]);
  WithoutSigpipe(fds[1]);
  return result;
}

int Accept4(int fd, AddressSlot* from, int flags) {
  if (from == nullptr)
    return WithoutSigpipe(Result(accept4(fd, nullptr, nullptr, flags | SOCK_CLOEXEC)));
  socklen_t room = sizeof(from->storage);
  int result = Result(accept4(fd, from->get(), &room, flags | SOCK_CLOEXEC));
  if (result >= 0) from->SetLength(room);
  return WithoutSigpipe(result);
}

int Pipe2(int32_t fds[2], int flags) { return Result(pipe2(fds, flags | O_CLOEXEC)); }

}  // namespace edgewise::sys
