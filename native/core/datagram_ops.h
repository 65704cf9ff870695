// Messages: data in several pieces, with an address and descriptors, one or many per call.
//
// All return >= 0 or -errno, never retry, and never throw. Descriptors that arrive are
// close-on-exec. Man pages: recvmsg(2), sendmsg(2), recvmmsg(2), sendmmsg(2), cmsg(3), unix(7).
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>

#include "socket_address.h"

namespace edgewise::sys {

// Most descriptors that one message carries (SCM_MAX_FD of Linux; the BSDs allow about as many).
constexpr uint32_t kMessageFdsMax = 253;

// The answer of Recvmsg beside the count of bytes, in memory that TypeScript reads as int32.
struct ReceivedHeader {
  int32_t flags;     // msg_flags; MSG_CTRUNC also when a descriptor found no room
  int32_t fd_count;  // descriptors in `fds`: the caller's to close
  int32_t fds[1];    // as many as the caller has room for
};
constexpr size_t kReceivedFdsOffset = offsetof(ReceivedHeader, fds) / sizeof(int32_t);

// Type of the control message with a pidfd of the sender (SO_PASSPIDFD), which is closed.
#ifdef __linux__
constexpr int kPidfdMessage = 4;  // SCM_PIDFD of linux/socket.h, since 6.5
#else
constexpr int kPidfdMessage = -1;
#endif

// Receives one message. Descriptors beyond `fds_max` are closed before this returns.
int Recvmsg(int fd, const iovec* vectors, int count, int flags, AddressSlot* from,
            ReceivedHeader* header, uint32_t fds_max);

// Sends one message with `fds_count` (<= kMessageFdsMax) descriptors, which stay the caller's.
// `to` may be null.
int Sendmsg(int fd, const iovec* vectors, int count, int flags, const AddressSlot* to,
            const int32_t* fds, uint32_t fds_count);

// Many messages in one block of memory that belongs to JavaScript: for `count` messages their
// addresses, their lengths, their flags, the sizes of their segments, and then the bytes,
// `bytes_max` of them each. src/sys/batch.ts lays its typed arrays over the same places.
struct BatchArena {
  uint8_t* base;
  uint32_t count;
  uint32_t bytes_max;

  static constexpr uint32_t kCountMax = 1024;  // UIO_MAXIOV: the kernel takes no more in a call

  static size_t HeaderSize(uint32_t count) { return count * (sizeof(AddressSlot) + 12); }
  static uint64_t Size(uint32_t count, uint32_t bytes_max) {
    return HeaderSize(count) + static_cast<uint64_t>(count) * bytes_max;
  }
  AddressSlot* names() const { return reinterpret_cast<AddressSlot*>(base); }
  uint32_t* lengths() const {
    return reinterpret_cast<uint32_t*>(base + size_t{count} * sizeof(AddressSlot));
  }
  uint32_t* flags() const { return lengths() + count; }
  // A message of several datagrams: the length of each but the last, which may be shorter. 0: one.
  uint32_t* segment_sizes() const { return flags() + count; }
  uint8_t* bytes(uint32_t index) const {
    return base + HeaderSize(count) + static_cast<size_t>(index) * bytes_max;
  }
  bool IsSegmented(uint32_t index) const {
    uint32_t size = segment_sizes()[index];
    return size > 0 && size < lengths()[index];
  }
};

// Receives up to `count` (<= arena.count) messages and fills their lengths, flags, names and
// segment sizes (udp_segments.h). Returns how many there were.
int Recvmmsg(int fd, const BatchArena& arena, uint32_t count, int flags);

// Sends messages 0 to count - 1 of the arena: lengths()[i] (<= bytes_max) bytes to names()[i],
// which must be valid; length 0 of a name: to the connected peer. A message with a segment size
// (<= 65535) leaves as several datagrams; -ENOPROTOOPT: not here. Returns how many were sent.
int Sendmmsg(int fd, const BatchArena& arena, uint32_t count, int flags);

// One buffer as several datagrams of `size` (> 0) bytes each, the last one shorter.
struct Segments {
  uint8_t* data;
  size_t length;
  uint32_t size;
  const AddressSlot* to;  // null, or without a length: the connected peer

  static constexpr uint32_t kCountMax = 64;  // UDP_MAX_SEGMENTS: older kernels take no more
};

// Sends the first kCountMax datagrams with one header each, in as few calls as the system allows.
// Returns the bytes sent, of whole datagrams; -errno when the first could not be sent.
int SendApart(int fd, const Segments& segments);

}  // namespace edgewise::sys
