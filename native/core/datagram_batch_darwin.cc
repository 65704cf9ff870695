// macOS has no public recvmmsg or sendmmsg: one call per datagram, until one would block. As with
// the real ones, an error after the first datagram is kept back: the next call will meet it.
#include <sys/socket.h>

#include "datagram_ops.h"
#include "socket_ops.h"
#include "udp_segments.h"

namespace edgewise::sys {
namespace {

int ReceiveOne(int fd, const BatchArena& arena, uint32_t index, int flags) {
  AddressSlot* name = &arena.names()[index];
  iovec vector = {arena.bytes(index), arena.bytes_max};
  msghdr message = {};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_name = name->get();
  message.msg_namelen = sizeof(name->storage);
  int result = Result(recvmsg(fd, &message, flags));
  if (result < 0) return result;
  arena.lengths()[index] = static_cast<uint32_t>(result);
  arena.flags()[index] = static_cast<uint32_t>(message.msg_flags);
  arena.segment_sizes()[index] = 0;
  name->SetLength(message.msg_namelen);
  return result;
}

}  // namespace

int Recvmmsg(int fd, const BatchArena& arena, uint32_t count, int flags) {
  for (uint32_t i = 0; i < count; i++) {
    int result = ReceiveOne(fd, arena, i, flags);
    if (result < 0) return i == 0 ? result : static_cast<int>(i);
  }
  return static_cast<int>(count);
}

int Sendmmsg(int fd, const BatchArena& arena, uint32_t count, int flags) {
  int sendable = CountSendable(arena, count);
  for (int i = 0; i < sendable; i++) {
    int result = Sendto(fd, arena.bytes(i), arena.lengths()[i], flags, &arena.names()[i]);
    if (result < 0) return i == 0 ? result : i;
  }
  return sendable;
}

int SendApart(int fd, const Segments& segments) {
  size_t sent = 0;
  for (uint32_t i = 0; sent < segments.length && i < Segments::kCountMax; i++) {
    size_t left = segments.length - sent;
    size_t length = left < segments.size ? left : segments.size;
    int result = Sendto(fd, segments.data + sent, length, 0, segments.to);
    if (result < 0) return i == 0 ? result : static_cast<int>(sent);
    sent += length;
  }
  return static_cast<int>(sent);
}

}  // namespace edgewise::sys
