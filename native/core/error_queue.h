// The error queue of a socket (Linux): what the network said of earlier sends (IP_RECVERR,
// IPV6_RECVERR), and when the kernel is done with memory that it sends without a copy
// (SO_ZEROCOPY). While something is queued, the socket has an error for poll(2), so it must be
// emptied. Man pages: recv(2) "MSG_ERRQUEUE", ip(7) "IP_RECVERR";
// Documentation/networking/msg_zerocopy.rst.
#pragma once

#include <cstddef>
#include <cstdint>

#include "socket_address.h"

namespace edgewise::sys {

// The first 16 bytes of the kernel's sock_extended_err, and msg_flags: memory that TypeScript reads
// (src/sys/error-queue.ts).
struct ExtendedError {
  uint32_t error;  // an errno; 0 for a completion
  uint8_t origin;  // SO_EE_ORIGIN_…
  uint8_t type;    // of the ICMP message
  uint8_t code;    // of the ICMP message; SO_EE_CODE_ZEROCOPY_COPIED
  uint8_t padding;
  uint32_t info;  // the path's MTU; the first completed send
  uint32_t data;  // the last completed send
  int32_t flags;  // msg_flags
};
static_assert(sizeof(ExtendedError) == 20, "the layout is TypeScript's too");

// Takes the oldest entry, never blocks. `payload` gets what is kept of the datagram that it is
// about, `to` where that went, `reporter` the sender of the report (without a length: none). Each
// address may be null. Returns the bytes of the payload; -EAGAIN: the queue is empty; -ENOSYS: not
// Linux.
int ReceiveError(int fd, uint8_t* payload, size_t length, ExtendedError* error, AddressSlot* to,
                 AddressSlot* reporter);

}  // namespace edgewise::sys
