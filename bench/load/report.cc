#include "report.h"

#include <inttypes.h>
#include <stdio.h>

namespace edgewise::load {
namespace {

double Microseconds(uint64_t ns) { return static_cast<double>(ns) / 1000; }

// A number, or null for what this system does not tell.
void PrintKnown(const char* name, int64_t value, const char* end) {
  if (value < 0) {
    printf("\"%s\":null%s", name, end);
  } else {
    printf("\"%s\":%" PRId64 "%s", name, value, end);
  }
}

void PrintServer(const Options& options, const Report& report) {
  if (options.server_pid == 0) {
    printf("\"server\":null,");
    return;
  }
  printf("\"server\":{\"pid\":%d,", options.server_pid);
  PrintKnown("cpuNs", report.server_cpu_ns, ",");
  PrintKnown("rssBaseBytes", report.rss_base_bytes, ",");
  PrintKnown("rssIdleBytes", report.rss_idle_bytes, ",");
  PrintKnown("rssEndBytes", report.rss_end_bytes, "},");
}

}  // namespace

void PrintReport(const Options& options, const Report& report) {
  double window_seconds = static_cast<double>(report.window_ns) / 1e9;
  printf("{\"connections\":%d,\"size\":%d,", options.connections, options.size);
  printf("\"windowSeconds\":%.6f,\"messages\":%" PRIu64 ",", window_seconds, report.messages);
  printf("\"messagesPerSecond\":%.1f,", static_cast<double>(report.messages) / window_seconds);
  printf("\"latencyUs\":{\"p50\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f},",
         Microseconds(report.latency_ns.Quantile(0.5)),
         Microseconds(report.latency_ns.Quantile(0.99)),
         Microseconds(report.latency_ns.Quantile(0.999)), Microseconds(report.latency_ns.max()));
  printf("\"messagesPerConnection\":{\"min\":%" PRIu64 ",\"max\":%" PRIu64 "},",
         report.slowest_count, report.fastest_count);
  PrintServer(options, report);
  PrintKnown("loadCpuNs", report.load_cpu_ns, ",");
  PrintKnown("serverCpu", report.is_server_pinned ? options.server_cpu : -1, ",");
  PrintKnown("loadCpu", report.is_load_pinned ? options.load_cpu : -1, "}\n");
}

}  // namespace edgewise::load
