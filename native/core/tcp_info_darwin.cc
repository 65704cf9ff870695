// TCP_CONNECTION_INFO of macOS: times in milliseconds, windows in bytes.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "socket_facts.h"
#include "socket_facts_system.h"

namespace edgewise::sys {

int ReadTcpInfo(int fd, double* figures) {
  tcp_connection_info info{};
  socklen_t length = sizeof(info);
  int result = Result(getsockopt(fd, IPPROTO_TCP, TCP_CONNECTION_INFO, &info, &length));
  if (result < 0) return result;
  figures[kTcpState] = info.tcpi_state;
  figures[kRtt] = info.tcpi_srtt;
  figures[kRttVariation] = info.tcpi_rttvar;
  figures[kRetransmissionTimeout] = info.tcpi_rto;
  figures[kSendMss] = info.tcpi_maxseg;
  figures[kCongestionWindow] = info.tcpi_snd_cwnd;
  figures[kSlowStartThreshold] = info.tcpi_snd_ssthresh;
  figures[kSendWindow] = info.tcpi_snd_wnd;
  figures[kReceiveWindow] = info.tcpi_rcv_wnd;
  figures[kRetransmittedSegments] = static_cast<double>(info.tcpi_txretransmitpackets);
  figures[kRetransmittedBytes] = static_cast<double>(info.tcpi_txretransmitbytes);
  figures[kBytesSent] = static_cast<double>(info.tcpi_txbytes);
  figures[kBytesReceived] = static_cast<double>(info.tcpi_rxbytes);
  figures[kSegmentsSent] = static_cast<double>(info.tcpi_txpackets);
  figures[kSegmentsReceived] = static_cast<double>(info.tcpi_rxpackets);
  return 0;
}

}  // namespace edgewise::sys
