// TCP_INFO of FreeBSD, NetBSD and OpenBSD, which have taken the structure from one another: times
// in microseconds, windows in bytes. Members with two underscores are never filled; OpenBSD leaves
// those from tcpi_snd_wnd on at 0 for a process without privileges.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "socket_facts.h"
#include "socket_facts_system.h"

namespace edgewise::sys {

int ReadTcpInfo(int fd, double* figures) {
  constexpr double kUsPerMs = 1000;
  struct tcp_info info {};
  socklen_t length = sizeof(info);
  int result = Result(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length));
  if (result < 0) return result;
  figures[kTcpState] = info.tcpi_state;
  figures[kRtt] = info.tcpi_rtt / kUsPerMs;
  figures[kRttVariation] = info.tcpi_rttvar / kUsPerMs;
  figures[kRetransmissionTimeout] = info.tcpi_rto / kUsPerMs;
  figures[kSendMss] = info.tcpi_snd_mss;
  figures[kReceiveMss] = info.tcpi_rcv_mss;
  figures[kCongestionWindow] = info.tcpi_snd_cwnd;
  figures[kSlowStartThreshold] = info.tcpi_snd_ssthresh;
  figures[kSendWindow] = info.tcpi_snd_wnd;
  figures[kReceiveWindow] = info.tcpi_rcv_space;
  figures[kRetransmittedSegments] = info.tcpi_snd_rexmitpack;
  figures[kSinceDataReceived] = info.tcpi_last_data_recv / kUsPerMs;
  return 0;
}

}  // namespace edgewise::sys
