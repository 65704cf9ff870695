// One run of the load, as a recipe: open all connections and let each exchange one message, load
// without counting, count for the length of the window, let the last messages come home. While all
// are held open, the window is one more message on each.
//
// The clock, the server's CPU time and the count of messages are taken at the same two moments,
// the ends of the window, so the quotients have no edge effects. Every step has a limit in time.
//
// In the closed loop an answer makes room for the next message, and the latency of those that were
// answered within the window is recorded. In the open loop messages are sent by a Schedule, and the
// latency of those that were due within the window is recorded, from the time at which each was
// due: a server that stalls delays all of them, and all of them count.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "crowd.h"
#include "failure.h"
#include "histogram.h"
#include "options.h"
#include "schedule.h"

namespace edgewise::load {

// What a run found. Negative numbers: not known on this system.
struct Report {
  int64_t window_ns = 0;
  uint64_t messages = 0;
  uint64_t bytes_sent = 0;  // of messages, in the window; likewise received
  uint64_t bytes_received = 0;
  uint64_t lost = 0;  // datagrams that were given up, warm-up included
  uint64_t late = 0;  // datagrams that came after that, or twice
  Histogram latency_ns;
  uint64_t due = 0;            // open loop: messages of the window
  uint64_t unfinished = 0;     // of these, not answered at the end; their age then is recorded
  int64_t late_max_ns = 0;     // open loop: the longest delay of a message by the load itself
  uint64_t slowest_count = 0;  // messages of the connection that got the fewest, warm-up included
  uint64_t fastest_count = 0;
  int64_t server_cpu_ns = -1;
  int64_t load_cpu_ns = -1;
  int64_t rss_base_bytes = -1;  // before the first connection
  int64_t rss_idle_bytes = -1;  // all connections open, each was answered once, nothing under way
  int64_t rss_end_bytes = -1;   // at the end of the window
  bool is_server_pinned = false;
  bool is_load_pinned = false;
};

class Session {
 public:
  explicit Session(const Options& options);

  // Returns false and the reason in failure().
  bool Run(Report* report);
  const std::string& failure() const { return failure_.reason(); }

 private:
  // What an answered connection does next.
  enum class Then { kRest, kGoOn };

  bool Prepare();
  bool Pin(int pid, int cpu, const char* what, bool* is_pinned);
  bool OpenAll();
  bool WarmUp();
  bool BeginAll();
  bool WaitForEndOfInput();
  bool Measure();
  bool RunWindow(int64_t begin_ns);
  bool Drain();
  bool RunUntil(int64_t end_ns, Then then);
  bool RunOnce(int64_t end_ns, Then then);
  int TimeoutMs(int64_t end_ns) const;
  bool OfferDue();
  bool IsInWindow(int64_t due_ns) const;
  bool Tick(Then then);
  bool GiveUpLost(int64_t now_ns, Then then);
  bool ReadSlowly(int64_t elapsed_ns, Then then);
  bool Settle(uint32_t index, Then then);
  bool GoOn(uint32_t index, uint64_t count, int64_t now_ns);
  bool TopUp(uint32_t index, int64_t now_ns);
  bool Begin(uint32_t index, uint64_t count, int64_t due_ns);
  void Record(int64_t due_ns, int64_t now_ns);
  void CountUnfinished();
  void CountPerConnection();
  bool IsStalled() const;
  bool FailStalled();
  bool SampleServer(int64_t* cpu_ns, int64_t* rss_bytes);

  bool SetReadingSlowly(bool is_slow);

  bool is_open_loop() const { return options_.rate > 0; }
  // Those that have load; the idle ones are behind them.
  uint32_t busy_count() const { return static_cast<uint32_t>(options_.connections); }

  const Options& options_;
  Failure failure_;
  Exchange exchange_;
  Crowd crowd_;
  Schedule schedule_;
  Report* report_ = nullptr;
  bool is_scheduling_ = false;
  bool is_recording_ = false;
  bool is_reading_slowly_ = false;
  int64_t window_begin_ns_ = INT64_MAX;
  int64_t window_end_ns_ = INT64_MAX;
  uint64_t done_count_ = 0;
  uint64_t under_way_count_ = 0;  // messages begun, and neither done nor lost
  int64_t last_progress_ns_ = 0;
  uint64_t bytes_received_then_ = 0;
  int64_t last_tick_ns_ = 0;
  double read_budget_ = 0;  // bytes that each slow reader may read now
};

}  // namespace edgewise::load
