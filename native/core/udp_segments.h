// UDP's offloads: GSO, one large buffer that the kernel or the device cuts into datagrams, and GRO,
// datagrams of one sender that arrive joined. The size of the segments is in control data:
// UDP_SEGMENT with sendmsg, UDP_GRO with recvmsg. A kernel that does not know UDP_SEGMENT passes
// over it and sends one large datagram, so ask for the option first (getsockopt). Man page: udp(7).
#pragma once

#include <sys/socket.h>

#include <cstdint>

#include "datagram_ops.h"

namespace edgewise::sys {

// Room for the one control message that carries a size with sendmsg.
union SegmentControl {
  cmsghdr aligner;
  uint8_t bytes[32];
};

// How many of the first `count` messages sendmmsg can send as they ask for; -ENOPROTOOPT: the first
// one has segments, and this system does not make them.
int CountSendable(const BatchArena& arena, uint32_t count);

// Joins UDP_SEGMENT to a message. `control` must live as long as the message is used.
void PutSegmentSize(msghdr* message, SegmentControl* control, uint32_t size);

// Room for what comes with one received message: timestamps, addresses and counters that other
// options of the socket ask for, and the size behind them.
union ReceivedControl {
  cmsghdr aligner;
  uint8_t bytes[512];
};

// The calling thread's room for BatchArena::kCountMax messages; null where there are no sizes. Not
// on the stack, of which Node leaves native code 192 KB behind a deep recursion of JavaScript.
ReceivedControl* ReceivedControls();

// Gives message `index`, which is to be received, its part of the room. A Unix socket puts
// descriptors there, so TakeSegmentSize has to be called in any case.
void ReserveSegmentSize(msghdr* message, ReceivedControl* controls, uint32_t index);

// The size that UDP_GRO gives for a received message; 0: it is one datagram, or MSG_CTRUNC is set
// and it is unknown. Descriptors that came instead are closed, and MSG_CTRUNC is set: no one has
// asked for them.
uint32_t TakeSegmentSize(msghdr* message);

// Sends all segments by one call with UDP_SEGMENT: at most Segments::kCountMax of them, and no more
// bytes than a datagram can have. Returns the bytes sent. -EINVAL, -EMSGSIZE: a segment is longer
// than the path takes. -EIO: the device cannot add checksums. -ENOPROTOOPT: not Linux.
int SendSegments(int fd, const Segments& segments);

}  // namespace edgewise::sys
