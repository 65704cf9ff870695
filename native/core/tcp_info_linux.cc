// TCP_INFO of Linux (tcp(7)): times in microseconds but for the "last" ones, which are in
// milliseconds; windows in segments. An older kernel fills less of the structure and says how much.
//
// The kernel's own header is taken where there is one: glibc's <netinet/tcp.h> ends with the
// members of 2008, musl's has all.
#include <netinet/in.h>
#include <sys/socket.h>
#if __has_include(<linux/tcp.h>)
#include <linux/tcp.h>
#else
#include <netinet/tcp.h>
#endif

#include <limits>

#include "socket_facts.h"
#include "socket_facts_system.h"

namespace edgewise::sys {
namespace {

constexpr double kUsPerMs = 1000;
constexpr double kUnlimited = std::numeric_limits<double>::infinity();
constexpr uint32_t kNoThreshold = 0x7fffffff;  // TCP_INFINITE_SSTHRESH of the kernel

// By the kernel's numbers, from TCP_ESTABLISHED (1) to TCP_CLOSING (11); the kernel shows a
// TCP_NEW_SYN_RECV (12) as TCP_SYN_RECV.
constexpr TcpState kStates[] = {
    TcpState::kClosed,    TcpState::kEstablished, TcpState::kSynSent,  TcpState::kSynReceived,
    TcpState::kFinWait1,  TcpState::kFinWait2,    TcpState::kTimeWait, TcpState::kClosed,
    TcpState::kCloseWait, TcpState::kLastAck,     TcpState::kListen,   TcpState::kClosing,
};

double StateOf(uint8_t state) {
  bool is_known = state < sizeof(kStates) / sizeof(kStates[0]);
  return static_cast<double>(is_known ? kStates[state] : TcpState::kClosed);
}

// The members that every kernel has.
void ReadBasics(const tcp_info& info, double* figures) {
  double mss = info.tcpi_snd_mss;
  figures[kTcpState] = StateOf(info.tcpi_state);
  figures[kRtt] = info.tcpi_rtt / kUsPerMs;
  figures[kRttVariation] = info.tcpi_rttvar / kUsPerMs;
  figures[kRetransmissionTimeout] = info.tcpi_rto / kUsPerMs;
  figures[kSendMss] = mss;
  figures[kReceiveMss] = info.tcpi_rcv_mss;
  figures[kPathMtu] = info.tcpi_pmtu;
  figures[kCongestionWindow] = info.tcpi_snd_cwnd * mss;
  figures[kSlowStartThreshold] =
      info.tcpi_snd_ssthresh >= kNoThreshold ? kUnlimited : info.tcpi_snd_ssthresh * mss;
  figures[kUnackedSegments] = info.tcpi_unacked;
  figures[kLostSegments] = info.tcpi_lost;
  figures[kConsecutiveTimeouts] = info.tcpi_retransmits;
  figures[kRetransmittedSegments] = info.tcpi_total_retrans;
  figures[kSinceDataSent] = info.tcpi_last_data_sent;
  figures[kSinceDataReceived] = info.tcpi_last_data_recv;
}

double RateOf(uint64_t rate) { return rate == UINT64_MAX ? kUnlimited : static_cast<double>(rate); }

// The members that were added over the years, as far as this kernel has filled them.
void ReadAdditions(const tcp_info& info, size_t filled, double* figures) {
  auto has = [&](const auto& member) {
    auto at = reinterpret_cast<const char*>(&member) - reinterpret_cast<const char*>(&info);
    return static_cast<size_t>(at) + sizeof(member) <= filled;
  };
  auto count = [&](TcpFigure figure, const auto& member) {
    if (has(member)) figures[figure] = static_cast<double>(member);
  };
  if (has(info.tcpi_pacing_rate)) figures[kPacingRate] = RateOf(info.tcpi_pacing_rate);
  count(kBytesAcked, info.tcpi_bytes_acked);
  count(kBytesReceived, info.tcpi_bytes_received);
  count(kSegmentsSent, info.tcpi_segs_out);
  count(kSegmentsReceived, info.tcpi_segs_in);
  count(kBytesNotSent, info.tcpi_notsent_bytes);
  if (has(info.tcpi_min_rtt) && info.tcpi_min_rtt != UINT32_MAX) {
    figures[kRttMin] = info.tcpi_min_rtt / kUsPerMs;
  }
  count(kDeliveryRate, info.tcpi_delivery_rate);
  if (has(info.tcpi_sndbuf_limited)) {
    figures[kBusyTime] = static_cast<double>(info.tcpi_busy_time) / kUsPerMs;
    figures[kReceiveWindowLimitedTime] = static_cast<double>(info.tcpi_rwnd_limited) / kUsPerMs;
    figures[kSendBufferLimitedTime] = static_cast<double>(info.tcpi_sndbuf_limited) / kUsPerMs;
  }
  count(kBytesSent, info.tcpi_bytes_sent);
  count(kRetransmittedBytes, info.tcpi_bytes_retrans);
}

}  // namespace

int ReadTcpInfo(int fd, double* figures) {
  tcp_info info{};
  socklen_t length = sizeof(info);
  int result = Result(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length));
  if (result < 0) return result;
  ReadBasics(info, figures);
  ReadAdditions(info, length, figures);
  return 0;
}

}  // namespace edgewise::sys
