// recvmmsg(2) and sendmmsg(2), where the kernel has them: Linux, FreeBSD, NetBSD, OpenBSD. The
// headers that the kernel wants are built on the stack, over the arena's memory.
// Linux's timeout of recvmmsg is checked only after a datagram has come (recvmmsg(2), BUGS), so
// it is not offered.
#include <sys/socket.h>

#include "datagram_ops.h"
#include "socket_ops.h"
#include "udp_segments.h"

namespace edgewise::sys {
namespace {

#ifdef MSG_CMSG_CLOEXEC
constexpr int kReceiveFlags = MSG_CMSG_CLOEXEC;  // of descriptors that no one has asked for
#else
constexpr int kReceiveFlags = 0;
#endif

// Constructed by hand: only the entries in use are written, the rest of 110 KB stays untouched.
struct Headers {
  mmsghdr messages[BatchArena::kCountMax];
  iovec vectors[BatchArena::kCountMax];
  SegmentControl controls[BatchArena::kCountMax];

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
  ReceivedControl* controls = ReceivedControls();
  for (uint32_t i = 0; i < count; i++) {
    headers.Fill(i, &arena.names()[i], sizeof(sockaddr_storage), arena.bytes(i), arena.bytes_max);
    ReserveSegmentSize(&headers.messages[i].msg_hdr, controls, i);
  }
  int received = Result(recvmmsg(fd, headers.messages, count, flags | kReceiveFlags, nullptr));
  for (int i = 0; i < received; i++) {
    mmsghdr& message = headers.messages[i];
    arena.lengths()[i] = static_cast<uint32_t>(message.msg_len);
    arena.segment_sizes()[i] = TakeSegmentSize(&message.msg_hdr);
    arena.flags()[i] = static_cast<uint32_t>(message.msg_hdr.msg_flags);
    arena.names()[i].SetLength(message.msg_hdr.msg_namelen);
  }
  return received;
}

int Sendmmsg(int fd, const BatchArena& arena, uint32_t count, int flags) {
  int sendable = CountSendable(arena, count);
  if (sendable < 0) return sendable;
  Headers headers;
  for (int i = 0; i < sendable; i++) {
    AddressSlot* name = &arena.names()[i];
    headers.Fill(i, name, name->length, arena.bytes(i), arena.lengths()[i]);
    if (!arena.IsSegmented(i)) continue;
    PutSegmentSize(&headers.messages[i].msg_hdr, &headers.controls[i], arena.segment_sizes()[i]);
  }
  return Result(sendmmsg(fd, headers.messages, sendable, flags | kNoSignal));
}

int SendApart(int fd, const Segments& segments) {
  Headers headers;
  auto* to = const_cast<AddressSlot*>(segments.to);
  uint32_t count = 0;
  for (size_t at = 0; at < segments.length && count < Segments::kCountMax; count++) {
    size_t left = segments.length - at;
    size_t length = left < segments.size ? left : segments.size;
    headers.Fill(count, to, to == nullptr ? 0 : to->length, segments.data + at, length);
    at += length;
  }
  int sent = Result(sendmmsg(fd, headers.messages, count, kNoSignal));
  if (sent <= 0) return sent;
  size_t bytes = size_t{static_cast<uint32_t>(sent)} * segments.size;
  return static_cast<int>(bytes < segments.length ? bytes : segments.length);
}

}  // namespace edgewise::sys
