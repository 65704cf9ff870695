// recvmmsg(2) and sendmmsg(2), where the kernel has them: Linux, FreeBSD, NetBSD, OpenBSD. The
// headers that the kernel wants are built on the stack, over the arena's memory.
// Linux's timeout of recvmmsg is checked only after a datagram has come (recvmmsg(2), BUGS), so
// it is not offered.
#include <sys/socket.h>

#include "datagram_ops.h"
#include "socket_ops.h"

namespace edgewise::sys {
namespace {

// Constructed by hand: only the entries in use are written, the rest of 80 KB stays untouched.
struct Headers {
  mmsghdr messages[BatchArena::kCountMax];
  iovec vectors[BatchArena::kCountMax];

  void Fill(uint32_t index, AddressSlot* name, uint32_t name_length, uint8_t* data, size_t length) {
    vectors[index] = {data, length};
    mmsghdr message = {};
    message.msg_hdr.msg_iov = &vectors[index];
    message.msg_hdr.msg_iovlen = 1;
    message.msg_hdr.msg_name = name_length == 0 ? nullptr : name->get();
    message.msg_hdr.msg_namelen = name_length;
    messages[index] = message;
  }
};

}  // namespace

int Recvmmsg(int fd, const BatchArena& arena, uint32_t count, int flags) {
  Headers headers;
  for (uint32_t i = 0; i < count; i++) {
    headers.Fill(i, &arena.names()[i], sizeof(sockaddr_storage), arena.bytes(i), arena.bytes_max);
  }
  int received = Result(recvmmsg(fd, headers.messages, count, flags, nullptr));
  for (int i = 0; i < received; i++) {
    const mmsghdr& message = headers.messages[i];
    arena.lengths()[i] = static_cast<uint32_t>(message.msg_len);
    arena.flags()[i] = static_cast<uint32_t>(message.msg_hdr.msg_flags);
    arena.names()[i].SetLength(message.msg_hdr.msg_namelen);
  }
  return received;
}

int Sendmmsg(int fd, const BatchArena& arena, uint32_t count, int flags) {
  Headers headers;
  for (uint32_t i = 0; i < count; i++) {
    AddressSlot* name = &arena.names()[i];
    headers.Fill(i, name, name->length, arena.bytes(i), arena.lengths()[i]);
  }
  return Result(sendmmsg(fd, headers.messages, count, flags | kNoSignal));
}

}  // namespace edgewise::sys
