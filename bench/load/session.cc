#include "session.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "process.h"

namespace edgewise::load {
namespace {

constexpr int64_t kNsPerMs = 1000000;
constexpr double kNsPerSecond = 1e9;
// Connections that may be opening at once: below any server's backlog, where an overflow would
// cost a retransmission of a second.
constexpr int kOpeningMax = 100;
constexpr int kBatchMax = 1024;
constexpr rlim_t kSpareDescriptors = 16;  // the three standard ones, epoll's, a few of libc

int64_t NowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000000000 + now.tv_nsec;
}

int64_t SecondsToNs(double seconds) { return static_cast<int64_t>(seconds * kNsPerSecond); }

struct Address {
  sockaddr_storage storage = {};
  socklen_t length = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

bool ParseAddress(const std::string& host, int port, Address* out) {
  auto* ipv4 = reinterpret_cast<sockaddr_in*>(&out->storage);
  auto* ipv6 = reinterpret_cast<sockaddr_in6*>(&out->storage);
  if (inet_pton(AF_INET, host.c_str(), &ipv4->sin_addr) == 1) {
    ipv4->sin_family = AF_INET;
    ipv4->sin_port = htons(static_cast<uint16_t>(port));
    out->length = sizeof *ipv4;
  } else if (inet_pton(AF_INET6, host.c_str(), &ipv6->sin6_addr) == 1) {
    ipv6->sin6_family = AF_INET6;
    ipv6->sin6_port = htons(static_cast<uint16_t>(port));
    out->length = sizeof *ipv6;
  }
  return out->length != 0;
}

}  // namespace

Session::Session(const Options& options)
    : options_(options), payload_(static_cast<size_t>(options.size)) {}

bool Session::Run(Report* report) {
  if (!Prepare(report)) return false;
  if (!SampleServer(&report->server_cpu_ns, &report->rss_base_bytes)) return false;
  if (!OpenAll()) return false;
  if (!SampleServer(&report->server_cpu_ns, &report->rss_idle_bytes)) return false;
  if (options_.mode == Mode::kHold) {
    if (!WaitForEndOfInput()) return false;
  } else {
    if (!BeginAll()) return false;
    if (!PumpUntil(NowNs() + SecondsToNs(options_.warmup_seconds), Then::kGoOn)) return false;
  }
  if (!Measure(report)) return false;
  if (!Drain()) return false;
  report->slowest_count = UINT64_MAX;
  for (const auto& connection : connections_) {
    uint64_t count = connection->answered_count();
    report->slowest_count = std::min(report->slowest_count, count);
    report->fastest_count = std::max(report->fastest_count, count);
  }
  return true;
}

bool Session::Prepare(Report* report) {
  ready_set_ = CreateReadySet();
  if (ready_set_ == nullptr) return FailWith("cannot wait for readiness", errno);
  return RaiseDescriptorLimit() &&
         Pin(options_.server_pid, options_.server_cpu, "the server", &report->is_server_pinned) &&
         Pin(getpid(), options_.load_cpu, "the load", &report->is_load_pinned);
}

bool Session::Pin(int pid, int cpu, const char* whom, bool* is_pinned) {
  if (cpu < 0) return true;
  int result = PinProcess(pid, cpu);
  *is_pinned = result == 0;
  if (result == 0 || result == -ENOTSUP) return true;
  std::string what = std::string("cannot pin ") + whom + " to CPU " + std::to_string(cpu);
  return FailWith(what.c_str(), -result);
}

bool Session::RaiseDescriptorLimit() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return FailWith("getrlimit", errno);
  rlim_t needed = static_cast<rlim_t>(options_.connections) + kSpareDescriptors;
  if (limit.rlim_max < needed) {
    return Fail(std::to_string(options_.connections) +
                " connections do not fit into the hard limit of " + std::to_string(limit.rlim_max) +
                " descriptors (ulimit -Hn)");
  }
  // Not the hard limit itself: it may be infinite, which macOS refuses.
  limit.rlim_cur = std::max(limit.rlim_cur, needed);
  return setrlimit(RLIMIT_NOFILE, &limit) == 0 || FailWith("setrlimit", errno);
}

// Each new connection exchanges one message, which proves that the server took it from its
// backlog, made its own object for it, and echoes.
bool Session::OpenAll() {
  last_answer_ns_ = NowNs();
  connections_.reserve(static_cast<size_t>(options_.connections));
  while (connections_.size() < static_cast<size_t>(options_.connections) || under_way_count_ > 0) {
    while (under_way_count_ < kOpeningMax &&
           connections_.size() < static_cast<size_t>(options_.connections)) {
      if (!OpenOne()) return false;
    }
    if (!PumpOnce(NowNs() + SecondsToNs(options_.stall_seconds), Then::kRest)) return false;
  }
  return true;
}

bool Session::OpenOne() {
  connections_.push_back(std::make_unique<Connection>());
  uint32_t index = static_cast<uint32_t>(connections_.size() - 1);
  return Connect(index) && BeginNext(index, NowNs());
}

bool Session::Connect(uint32_t index) {
  Address address;
  if (!ParseAddress(options_.host, options_.port, &address)) {
    return Fail("'" + options_.host + "' is not a numeric address");
  }
  int source = options_.sources == 0 ? 0 : 1 + static_cast<int>(connect_count_ % options_.sources);
  int fd = connections_[index]->Open(address.get(), address.length, source);
  if (fd == -EADDRNOTAVAIL) {
    return Fail("no local port is left after " + std::to_string(connect_count_) +
                " connections to one address (net.ipv4.ip_local_port_range; --sources)");
  }
  if (fd < 0) return FailWith("cannot connect", -fd);
  int result = ready_set_->Add(fd, index);
  if (result < 0) return FailWith("cannot watch a connection", -result);
  ++connect_count_;
  return true;
}

bool Session::GoOn(uint32_t index, int64_t now_ns) {
  if (options_.mode == Mode::kConnect) {
    connections_[index]->Close();  // the only reference: the ready set forgets it too
    if (!Connect(index)) return false;
  }
  return BeginNext(index, now_ns);
}

bool Session::BeginNext(uint32_t index, int64_t now_ns) {
  Connection& connection = *connections_[index];
  ++under_way_count_;
  return Follow(index, connection.Begin(payload_.Message(index, connection.answered_count()),
                                        static_cast<size_t>(options_.size), now_ns));
}

bool Session::BeginAll() {
  last_answer_ns_ = NowNs();
  for (uint32_t index = 0; index < connections_.size(); ++index) {
    if (!GoOn(index, NowNs())) return false;
  }
  return true;
}

// Says that all connections are open, and leaves them alone until it is told to go on.
bool Session::WaitForEndOfInput() {
  printf("{\"open\":%zu}\n", connections_.size());
  fflush(stdout);
  char ignored[64];
  ssize_t count;
  do {
    count = read(STDIN_FILENO, ignored, sizeof ignored);
  } while (count > 0 || (count < 0 && errno == EINTR));
  return count == 0 || FailWith("cannot read standard input", errno);
}

bool Session::Measure(Report* report) {
  int64_t cpu_before_ns = 0;
  int64_t unused_bytes = 0;
  int64_t load_before_ns = ProcessCpuNs(getpid());
  if (!SampleServer(&cpu_before_ns, &unused_bytes)) return false;
  int64_t begin_ns = NowNs();
  uint64_t answered_before = answered_count_;
  latency_ns_ = &report->latency_ns;

  bool is_whole = RunWindow(begin_ns);

  latency_ns_ = nullptr;
  int64_t end_ns = NowNs();
  if (!is_whole || !SampleServer(&report->server_cpu_ns, &report->rss_end_bytes)) return false;
  if (report->server_cpu_ns >= 0) report->server_cpu_ns -= cpu_before_ns;
  if (load_before_ns >= 0) report->load_cpu_ns = ProcessCpuNs(getpid()) - load_before_ns;
  report->window_ns = end_ns - begin_ns;
  report->messages = answered_count_ - answered_before;
  return report->messages > 0 || Fail("no message was answered within the window");
}

bool Session::RunWindow(int64_t begin_ns) {
  if (options_.mode == Mode::kHold) return BeginAll() && Drain();
  return PumpUntil(begin_ns + SecondsToNs(options_.seconds), Then::kGoOn);
}

// A connection that the server has forgotten (an edge that it did not drain) shows here.
bool Session::Drain() {
  int64_t deadline_ns = NowNs() + SecondsToNs(options_.stall_seconds);
  while (under_way_count_ > 0) {
    if (NowNs() >= deadline_ns) return FailStalled();
    if (!PumpOnce(deadline_ns, Then::kRest)) return false;
  }
  return true;
}

bool Session::PumpUntil(int64_t end_ns, Then then) {
  while (NowNs() < end_ns) {
    if (!PumpOnce(end_ns, then)) return false;
  }
  return true;
}

bool Session::PumpOnce(int64_t end_ns, Then then) {
  uint32_t indices[kBatchMax];
  int64_t now_ns = NowNs();
  int64_t limit_ns = std::min(end_ns, last_answer_ns_ + SecondsToNs(options_.stall_seconds));
  int timeout_ms = static_cast<int>(std::max<int64_t>(limit_ns - now_ns, 0) / kNsPerMs) + 1;
  int count = ready_set_->Wait(timeout_ms, indices, kBatchMax);
  if (count < 0) return FailWith("wait", -count);
  for (int i = 0; i < count; ++i) {
    if (!Advance(indices[i], then)) return false;
  }
  bool is_stalled = under_way_count_ > 0 && count == 0 &&
                    NowNs() >= last_answer_ns_ + SecondsToNs(options_.stall_seconds);
  return !is_stalled || FailStalled();
}

bool Session::Advance(uint32_t index, Then then) {
  Connection& connection = *connections_[index];
  Outcome outcome = connection.Advance();
  if (outcome != Outcome::kAnswered) return Follow(index, outcome);
  int64_t now_ns = NowNs();
  last_answer_ns_ = now_ns;
  --under_way_count_;
  ++answered_count_;
  if (latency_ns_ != nullptr) {
    latency_ns_->Record(static_cast<uint64_t>(now_ns - connection.begun_ns()));
  }
  return then == Then::kRest || GoOn(index, now_ns);
}

// Goes on with a connection that waits: tells the ready set what it waits for.
bool Session::Follow(uint32_t index, Outcome outcome) {
  Connection& connection = *connections_[index];
  switch (outcome) {
    case Outcome::kWaiting:
    case Outcome::kAnswered: break;
    case Outcome::kWrongEcho: return Fail("wrong echo: a byte differs from what was sent");
    case Outcome::kSurplus: return Fail("wrong echo: more came back than was sent");
    case Outcome::kClosed: return Fail("the server closed a connection");
    case Outcome::kFailed: return FailWith("a connection failed", connection.error());
  }
  bool wants = connection.wants_writable();
  if (wants == connection.is_watching_writable) return true;
  connection.is_watching_writable = wants;
  int result = ready_set_->WatchWritable(connection.fd(), index, wants);
  return result >= 0 || FailWith("cannot watch a connection", -result);
}

bool Session::FailStalled() {
  char seconds[32];
  snprintf(seconds, sizeof seconds, "%g", options_.stall_seconds);
  return Fail("the server stopped answering: " + std::to_string(under_way_count_) +
              " messages have no answer after " + seconds + " seconds");
}

bool Session::SampleServer(int64_t* cpu_ns, int64_t* rss_bytes) {
  if (options_.server_pid == 0) return true;
  *cpu_ns = ProcessCpuNs(options_.server_pid);
  *rss_bytes = ResidentBytes(options_.server_pid);
  for (int64_t result : {*cpu_ns, *rss_bytes}) {
    if (result < 0 && result != -ENOTSUP) {
      return FailWith("cannot measure --server-pid", static_cast<int>(-result));
    }
  }
  return true;
}

bool Session::Fail(std::string reason) {
  failure_ = std::move(reason);
  return false;
}

bool Session::FailWith(const char* what, int error) {
  return Fail(std::string(what) + ": " + strerror(error));
}

}  // namespace edgewise::load
