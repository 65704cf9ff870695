// The system calls on sockets that are the same on every Unix. See socket_ops.h.
#include "socket_ops.h"

#include <sys/types.h>

namespace edgewise::sys {

#ifdef SO_NOSIGPIPE
int WithoutSigpipe(int fd) {
  int on = 1;
  // EINVAL: the peer has gone already (macOS), and the next call on the socket will say so.
  if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on));
  return fd;
}
#else
int WithoutSigpipe(int fd) { return fd; }
#endif

int Bind(int fd, const AddressSlot& address) {
  return Result(bind(fd, address.get(), address.length));
}

int Listen(int fd, int backlog) { return Result(listen(fd, backlog)); }

int Connect(int fd, const AddressSlot& address) {
  return Result(connect(fd, address.get(), address.length));
}

int Shutdown(int fd, int how) { return Result(shutdown(fd, how)); }

int Recv(int fd, void* data, size_t length, int flags) {
  return Result(recv(fd, data, ClampTransfer(length), flags));
}

int Send(int fd, const void* data, size_t length, int flags) {
  return Result(send(fd, data, ClampTransfer(length), flags | kNoSignal));
}

int Recvfrom(int fd, void* data, size_t length, int flags, AddressSlot* from) {
  if (from == nullptr) return Recv(fd, data, length, flags);
  socklen_t room = sizeof(from->storage);
  int result = Result(recvfrom(fd, data, ClampTransfer(length), flags, from->get(), &room));
  if (result >= 0) from->SetLength(room);
  return result;
}

int Sendto(int fd, const void* data, size_t length, int flags, const AddressSlot* to) {
  if (to == nullptr || to->length == 0) return Send(fd, data, length, flags);
  return Result(sendto(fd, data, ClampTransfer(length), flags | kNoSignal, to->get(), to->length));
}

int Getsockname(int fd, AddressSlot* into) {
  socklen_t room = sizeof(into->storage);
  int result = Result(getsockname(fd, into->get(), &room));
  if (result >= 0) into->SetLength(room);
  return result;
}

int Getpeername(int fd, AddressSlot* into) {
  socklen_t room = sizeof(into->storage);
  int result = Result(getpeername(fd, into->get(), &room));
  if (result >= 0) into->SetLength(room);
  return result;
}

int Getsockopt(int fd, int level, int option, void* value, size_t room) {
  socklen_t length = static_cast<socklen_t>(ClampTransfer(room));
  int result = Result(getsockopt(fd, level, option, value, &length));
  return result < 0 ? result : static_cast<int>(length);
}

int Setsockopt(int fd, int level, int option, const void* value, size_t length) {
  return Result(
      setsockopt(fd, level, option, value, static_cast<socklen_t>(ClampTransfer(length))));
}

}  // namespace edgewise::sys
