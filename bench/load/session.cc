#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>

#include "clock.h"
#include "process.h"

namespace edgewise::load {
namespace {

// Connections that may be opening at once: below any server's backlog, where an overflow would
// cost a retransmission of a second.
constexpr uint64_t kOpeningMax = 100;
constexpr int kBatchMax = 1024;
// How often slow readers read, and lost datagrams are looked for.
constexpr int64_t kTickNs = 10 * kNsPerMs;
// Bulk: what waits to be sent, in one call; and what one connection may have under way, so that a
// server without back-pressure does not eat all memory.
constexpr uint64_t kAheadBytes = 262144;
constexpr uint64_t kAheadMax = 64;
constexpr uint64_t kUnderWayBytesMax = 4194304;

}  // namespace

Session::Session(const Options& options)
    : options_(options),
      exchange_(static_cast<size_t>(options.size), options.is_sink),
      crowd_(options, &exchange_, &failure_),
      schedule_(options.rate > 0 ? options.rate : 1) {}

bool Session::Run(Report* report) {
  report_ = report;
  if (!Prepare()) return false;
  if (!SampleServer(&report->server_cpu_ns, &report->rss_base_bytes)) return false;
  if (!OpenAll()) return false;
  if (!SampleServer(&report->server_cpu_ns, &report->rss_idle_bytes)) return false;
  if (options_.mode == Mode::kHold ? !WaitForEndOfInput() : !WarmUp()) return false;
  if (!Measure() || !Drain()) return false;
  CountUnfinished();
  CountPerConnection();
  report->late = exchange_.late_count;
  return true;
}

bool Session::Prepare() {
  return crowd_.Prepare() &&
         Pin(options_.server_pid, options_.server_cpu, "the server", &report_->is_server_pinned) &&
         Pin(getpid(), options_.load_cpu, "the load", &report_->is_load_pinned);
}

bool Session::Pin(int pid, int cpu, const char* what, bool* is_pinned) {
  if (cpu < 0) return true;
  int result = PinProcess(pid, cpu);
  *is_pinned = result == 0;
  if (result == 0 || result == -ENOTSUP) return true;
  return failure_.Because(std::string("cannot pin ") + what + " to CPU " + std::to_string(cpu),
                          -result);
}

// Each new connection exchanges one message, which proves that the server took it from its
// backlog, made its own object for it, and echoes.
bool Session::OpenAll() {
  uint32_t wanted = busy_count() + static_cast<uint32_t>(options_.idle);
  while (crowd_.size() < wanted || under_way_count_ > 0) {
    while (under_way_count_ < kOpeningMax && crowd_.size() < wanted) {
      if (!crowd_.OpenOne() || !Begin(crowd_.size() - 1, 1, NowNs())) return false;
    }
    if (!RunOnce(NowNs() + SecondsToNs(options_.stall_seconds), Then::kRest)) return false;
  }
  return true;
}

bool Session::WarmUp() {
  if (!SetReadingSlowly(options_.read_rate > 0)) return false;
  int64_t begin_ns = NowNs();
  schedule_.Begin(begin_ns);
  is_scheduling_ = is_open_loop();
  if (!is_scheduling_ && !BeginAll()) return false;
  return RunUntil(begin_ns + SecondsToNs(options_.warmup_seconds), Then::kGoOn);
}

bool Session::BeginAll() {
  for (uint32_t index = 0; index < busy_count(); ++index) {
    if (!GoOn(index, static_cast<uint64_t>(options_.pipeline), NowNs())) return false;
  }
  return true;
}

// Says that all connections are open, and leaves them alone until the caller lets it go on.
bool Session::WaitForEndOfInput() {
  printf("{\"open\":%u}\n", crowd_.size());
  fflush(stdout);
  char ignored[64];
  ssize_t count;
  do {
    count = read(STDIN_FILENO, ignored, sizeof ignored);
  } while (count > 0 || (count < 0 && errno == EINTR));
  return count == 0 || failure_.Because("cannot read standard input", errno);
}

bool Session::Measure() {
  int64_t cpu_before_ns = 0;
  int64_t unused_bytes = 0;
  int64_t load_before_ns = ProcessCpuNs(getpid());
  if (!SampleServer(&cpu_before_ns, &unused_bytes)) return false;
  int64_t begin_ns = NowNs();
  uint64_t done_before = done_count_;
  uint64_t sent_before = exchange_.bytes_sent;
  uint64_t received_before = exchange_.bytes_received;

  bool is_whole = RunWindow(begin_ns);

  int64_t end_ns = NowNs();
  if (!is_whole || !SampleServer(&report_->server_cpu_ns, &report_->rss_end_bytes)) return false;
  if (report_->server_cpu_ns >= 0) report_->server_cpu_ns -= cpu_before_ns;
  if (load_before_ns >= 0) report_->load_cpu_ns = ProcessCpuNs(getpid()) - load_before_ns;
  report_->window_ns = end_ns - begin_ns;
  report_->messages = done_count_ - done_before;
  report_->bytes_sent = exchange_.bytes_sent - sent_before;
  report_->bytes_received = exchange_.bytes_received - received_before;
  return report_->messages > 0 || failure_.Because("no message was answered within the window");
}

// The schedule begins anew with the window, so its messages are the same in each run. In the
// open loop recording goes on: what was due within the window may be answered after it.
bool Session::RunWindow(int64_t begin_ns) {
  window_begin_ns_ = begin_ns;
  window_end_ns_ = begin_ns + SecondsToNs(options_.seconds);
  schedule_.Begin(begin_ns);
  is_recording_ = options_.mode != Mode::kBulk;
  bool is_whole =
      options_.mode == Mode::kHold ? BeginAll() && Drain() : RunUntil(window_end_ns_, Then::kGoOn);
  if (!is_whole || !OfferDue()) return false;  // the last ones may be due since the last look
  is_scheduling_ = false;
  if (!is_open_loop()) is_recording_ = false;
  return true;
}

// A connection that the server has forgotten (an edge that it did not drain) shows here. The open
// loop says how many messages have no answer: that is what it found.
bool Session::Drain() {
  if (!SetReadingSlowly(false)) return false;
  int64_t deadline_ns = NowNs() + SecondsToNs(options_.stall_seconds);
  while (under_way_count_ > 0) {
    if (NowNs() >= deadline_ns) return is_open_loop() || FailStalled();
    if (!RunOnce(deadline_ns, Then::kRest)) return false;
  }
  return true;
}

bool Session::RunUntil(int64_t end_ns, Then then) {
  while (NowNs() < end_ns) {
    if (!RunOnce(end_ns, then)) return false;
  }
  return true;
}

bool Session::RunOnce(int64_t end_ns, Then then) {
  uint32_t indices[kBatchMax];
  if (!OfferDue()) return false;
  int count = crowd_.Wait(TimeoutMs(end_ns), indices, kBatchMax);
  if (count < 0) return false;
  for (int i = 0; i < count; ++i) {
    // Before each, so that a long batch delays nothing that is due.
    if (!OfferDue() || !crowd_.Advance(indices[i]) || !Settle(indices[i], then)) return false;
  }
  if (!Tick(then)) return false;
  return count > 0 || !IsStalled() || FailStalled();
}

// A sleep may end later than a request tolerates: the last millisecond before one is due is
// spent polling. Above some 500 requests per second the open loop keeps its CPU to itself.
int Session::TimeoutMs(int64_t end_ns) const {
  int64_t now_ns = NowNs();
  int64_t limit_ns = std::min(end_ns, last_progress_ns_ + SecondsToNs(options_.stall_seconds));
  if (options_.is_udp || is_reading_slowly_) limit_ns = std::min(limit_ns, last_tick_ns_ + kTickNs);
  int64_t timeout_ms = std::max<int64_t>(limit_ns - now_ns, 0) / kNsPerMs + 1;
  if (is_scheduling_) {
    int64_t spare_ms = (schedule_.next_due_ns() - now_ns) / kNsPerMs - 1;
    timeout_ms = std::max<int64_t>(0, std::min(timeout_ms, spare_ms));
  }
  return static_cast<int>(timeout_ms);
}

// Open loop: begins all that is due by now. What finds no room in a socket waits in its channel,
// and its time runs from here.
bool Session::OfferDue() {
  while (is_scheduling_) {
    int64_t due_ns = schedule_.next_due_ns();
    int64_t now_ns = NowNs();
    if (due_ns > now_ns || due_ns >= window_end_ns_) return true;
    uint32_t index = static_cast<uint32_t>(schedule_.Take() % busy_count());
    if (IsInWindow(due_ns)) {
      ++report_->due;
      report_->late_max_ns = std::max(report_->late_max_ns, now_ns - due_ns);
    }
    if (!Begin(index, 1, due_ns)) return false;
  }
  return true;
}

bool Session::IsInWindow(int64_t due_ns) const {
  return due_ns >= window_begin_ns_ && due_ns < window_end_ns_;
}

bool Session::Tick(Then then) {
  if (!options_.is_udp && !is_reading_slowly_) return true;
  int64_t now_ns = NowNs();
  int64_t elapsed_ns = now_ns - last_tick_ns_;
  if (elapsed_ns < kTickNs) return true;
  last_tick_ns_ = now_ns;
  return options_.is_udp ? GiveUpLost(now_ns, then) : ReadSlowly(elapsed_ns, then);
}

bool Session::GiveUpLost(int64_t now_ns, Then then) {
  int64_t limit_ns = now_ns - SecondsToNs(options_.lost_seconds);
  for (uint32_t index = 0; index < crowd_.size(); ++index) {
    uint64_t count = crowd_.at(index).GiveUp(limit_ns);
    report_->lost += count;
    under_way_count_ -= count;
    bool goes_on = count > 0 && then == Then::kGoOn && index < busy_count();
    if (goes_on && !GoOn(index, count, now_ns)) return false;
  }
  return true;
}

bool Session::SetReadingSlowly(bool is_slow) {
  if (is_slow == is_reading_slowly_) return true;
  is_reading_slowly_ = is_slow;
  last_tick_ns_ = NowNs();
  return crowd_.SetReading(!is_slow);
}

bool Session::ReadSlowly(int64_t elapsed_ns, Then then) {
  read_budget_ += options_.read_rate * static_cast<double>(elapsed_ns) / kNsPerSecond;
  size_t limit = static_cast<size_t>(read_budget_);
  if (limit == 0) return true;
  read_budget_ -= static_cast<double>(limit);
  for (uint32_t index = 0; index < busy_count(); ++index) {
    if (!crowd_.Receive(index, limit) || !Settle(index, then)) return false;
  }
  return true;
}

// Counts what a call on a channel has brought, and lets the channel go on.
bool Session::Settle(uint32_t index, Then then) {
  int64_t now_ns = NowNs();
  uint64_t count = exchange_.done.size();
  if (count > 0 || exchange_.bytes_received != bytes_received_then_) last_progress_ns_ = now_ns;
  bytes_received_then_ = exchange_.bytes_received;
  for (int64_t due_ns : exchange_.done) Record(due_ns, now_ns);
  exchange_.done.clear();
  done_count_ += count;
  under_way_count_ -= count;
  if (then == Then::kRest || index >= busy_count()) return true;
  bool wants_more = count > 0 || options_.mode == Mode::kBulk;
  return is_open_loop() || !wants_more || GoOn(index, count, now_ns);
}

// Closed loop: begins `count` messages; in bulk mode as many as shall wait.
bool Session::GoOn(uint32_t index, uint64_t count, int64_t now_ns) {
  if (is_open_loop()) return true;
  if (options_.mode == Mode::kBulk) return TopUp(index, now_ns);
  if (options_.mode == Mode::kConnect && !crowd_.Reopen(index)) return false;
  return Begin(index, count, now_ns);
}

// Bulk: the messages wait for writability, which then is awaited as long as there is room for more.
bool Session::TopUp(uint32_t index, int64_t now_ns) {
  const Channel& channel = crowd_.at(index);
  uint64_t ahead = std::clamp<uint64_t>(kAheadBytes / exchange_.size, 1, kAheadMax);
  uint64_t under_way_max = std::max<uint64_t>(kUnderWayBytesMax / exchange_.size, 2);
  uint64_t missing = ahead - std::min(ahead, channel.unsent_count());
  uint64_t room = under_way_max - std::min<uint64_t>(under_way_max, channel.due_ns().size());
  uint64_t count = std::min(missing, room);
  under_way_count_ += count;
  return crowd_.Queue(index, count, now_ns);
}

bool Session::Begin(uint32_t index, uint64_t count, int64_t due_ns) {
  if (count == 0) return true;
  if (under_way_count_ == 0) last_progress_ns_ = NowNs();
  under_way_count_ += count;
  return crowd_.Begin(index, count, due_ns);
}

void Session::Record(int64_t due_ns, int64_t now_ns) {
  if (!is_recording_ || (is_open_loop() && !IsInWindow(due_ns))) return;
  report_->latency_ns.Record(static_cast<uint64_t>(std::max<int64_t>(now_ns - due_ns, 0)));
}

void Session::CountUnfinished() {
  if (!is_open_loop()) return;
  int64_t now_ns = NowNs();
  for (uint32_t index = 0; index < busy_count(); ++index) {
    for (int64_t due_ns : crowd_.at(index).due_ns()) {
      if (!IsInWindow(due_ns)) continue;
      ++report_->unfinished;
      Record(due_ns, now_ns);
    }
  }
}

void Session::CountPerConnection() {
  report_->slowest_count = UINT64_MAX;
  for (uint32_t index = 0; index < busy_count(); ++index) {
    uint64_t count = crowd_.at(index).answered_count();
    report_->slowest_count = std::min(report_->slowest_count, count);
    report_->fastest_count = std::max(report_->fastest_count, count);
  }
}

// The last messages of the open loop are not waited for here, but in Drain.
bool Session::IsStalled() const {
  if (under_way_count_ == 0 || (is_open_loop() && !is_scheduling_)) return false;
  return NowNs() >= last_progress_ns_ + SecondsToNs(options_.stall_seconds);
}

bool Session::FailStalled() {
  char seconds[32];
  snprintf(seconds, sizeof seconds, "%g", options_.stall_seconds);
  return failure_.Because("the server stopped answering: " + std::to_string(under_way_count_) +
                          " messages have no answer after " + seconds + " seconds");
}

bool Session::SampleServer(int64_t* cpu_ns, int64_t* rss_bytes) {
  if (options_.server_pid == 0) return true;
  *cpu_ns = ProcessCpuNs(options_.server_pid);
  *rss_bytes = ResidentBytes(options_.server_pid);
  for (int64_t result : {*cpu_ns, *rss_bytes}) {
    if (result < 0 && result != -ENOTSUP) {
      return failure_.Because("cannot measure --server-pid", static_cast<int>(-result));
    }
  }
  return true;
}

}  // namespace edgewise::load
