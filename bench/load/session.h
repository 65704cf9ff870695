// One run of the load, as a recipe: open all connections and let each exchange one message, load
// without counting, count for the length of the window, let the last messages come home. While all
// are held open, the window is one more message on each.
//
// The clock, the server's CPU time and the count of messages are taken at the same two moments,
// the ends of the window, so the quotients have no edge effects. Every step has a limit in time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "connection.h"
#include "histogram.h"
#include "options.h"
#include "readiness.h"

namespace edgewise::load {

// What a run found. Negative numbers: not known on this system.
struct Report {
  int64_t window_ns = 0;
  uint64_t messages = 0;
  Histogram latency_ns;
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
  const std::string& failure() const { return failure_; }

 private:
  // What an answered connection does next.
  enum class Then { kRest, kGoOn };

  bool Prepare(Report* report);
  bool Pin(int pid, int cpu, const char* whom, bool* is_pinned);
  bool RaiseDescriptorLimit();
  bool OpenAll();
  bool OpenOne();
  bool Connect(uint32_t index);
  bool BeginAll();
  bool WaitForEndOfInput();
  bool Measure(Report* report);
  bool RunWindow(int64_t begin_ns);
  bool Drain();
  bool PumpUntil(int64_t end_ns, Then then);
  bool PumpOnce(int64_t end_ns, Then then);
  bool Advance(uint32_t index, Then then);
  bool GoOn(uint32_t index, int64_t now_ns);
  bool BeginNext(uint32_t index, int64_t now_ns);
  bool Follow(uint32_t index, Outcome outcome);
  bool FailStalled();
  bool SampleServer(int64_t* cpu_ns, int64_t* rss_bytes);
  bool Fail(std::string reason);
  bool FailWith(const char* what, int error);

  const Options& options_;
  const Payload payload_;
  std::unique_ptr<ReadySet> ready_set_;
  std::vector<std::unique_ptr<Connection>> connections_;
  Histogram* latency_ns_ = nullptr;  // set while the window is open
  uint64_t answered_count_ = 0;
  uint64_t connect_count_ = 0;
  int under_way_count_ = 0;  // messages begun and not answered
  int64_t last_answer_ns_ = 0;
  std::string failure_;
};

}  // namespace edgewise::load
