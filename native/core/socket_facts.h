// What the kernel knows about a connected socket, brought to one form: the state of a TCP
// connection, and the process at the other end of a Unix socket. Each system keeps it in a
// structure of its own (tcp_info_<platform>.cc, peer_credentials_<platform>.cc).
//
// Figures are doubles, which hold any count and have a value for "this kernel does not say": NaN.
#pragma once

#include <cstddef>

#include "result.h"

namespace edgewise::sys {

// The place of each figure; src/sys/tcpinfo.ts names them in the same order. Times are in
// milliseconds, windows in bytes, rates in bytes per second; infinite: the kernel sets no limit.
enum TcpFigure : size_t {
  kTcpState,  // of TcpState
  kRtt,
  kRttVariation,
  kRttMin,
  kRetransmissionTimeout,
  kSendMss,
  kReceiveMss,
  kPathMtu,
  kCongestionWindow,
  kSlowStartThreshold,
  kSendWindow,
  kReceiveWindow,
  kUnackedSegments,
  kLostSegments,
  kConsecutiveTimeouts,
  kRetransmittedSegments,
  kRetransmittedBytes,
  kBytesSent,
  kBytesAcked,
  kBytesReceived,
  kBytesNotSent,
  kSegmentsSent,
  kSegmentsReceived,
  kDeliveryRate,
  kPacingRate,
  kSinceDataSent,
  kSinceDataReceived,
  kBusyTime,
  kReceiveWindowLimitedTime,
  kSendBufferLimitedTime,
  kTcpFigureCount,
};

// RFC 9293, in the order in which BSD numbers them (and macOS).
enum class TcpState {
  kClosed,
  kListen,
  kSynSent,
  kSynReceived,
  kEstablished,
  kCloseWait,
  kFinWait1,
  kClosing,
  kLastAck,
  kFinWait2,
  kTimeWait,
};

// Fills `figures`, kTcpFigureCount of them. EOPNOTSUPP, ENOPROTOOPT or EINVAL: not a TCP socket.
int TcpInfo(int fd, double* figures);

// The place of each number of a peer's credentials; NaN as above.
enum CredentialFigure : size_t { kPeerPid, kPeerUid, kPeerGid, kCredentialCount };

// Fills `figures`, kCredentialCount of them, with the peer's as they were when it connected (or
// made the pair, or began to listen). EOPNOTSUPP: not a Unix socket. ENOTCONN.
int PeerCredentials(int fd, double* figures);

}  // namespace edgewise::sys
