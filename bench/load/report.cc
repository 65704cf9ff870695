#include "report.h"

#include <inttypes.h>
#include <stdio.h>

namespace edgewise::load {
namespace {

double Microseconds(uint64_t ns) { return static_cast<double>(ns) / 1000; }

// A number, or null for what this system does not say.
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

void PrintLatency(const Histogram& latency_ns) {
  if (latency_ns.total() == 0) {  // bulk has none
    printf("\"latencyUs\":null,");
    return;
  }
  printf("\"latencyUs\":{\"p50\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f},",
         Microseconds(latency_ns.Quantile(0.5)), Microseconds(latency_ns.Quantile(0.99)),
         Microseconds(latency_ns.Quantile(0.999)), Microseconds(latency_ns.max()));
}

void PrintSchedule(const Options& options, const Report& report) {
  if (options.rate == 0) {
    printf("\"schedule\":null,");
    return;
  }
  printf("\"schedule\":{\"ratePerSecond\":%.10g,\"due\":%" PRIu64 ",", options.rate, report.due);
  printf("\"unfinished\":%" PRIu64 ",\"lateMaxUs\":%.1f},", report.unfinished,
         Microseconds(static_cast<uint64_t>(report.late_max_ns)));
}

void PrintHistogram(const Histogram& latency_ns) {
  printf("\"latencyNs\":[");
  const char* separator = "";
  latency_ns.ForEach([&separator](uint64_t value, uint64_t count) {
    printf("%s[%" PRIu64 ",%" PRIu64 "]", separator, value, count);
    separator = ",";
  });
  printf("],");
}

}  // namespace

void PrintReport(const Options& options, const Report& report) {
  double window_seconds = static_cast<double>(report.window_ns) / 1e9;
  printf("{\"connections\":%d,\"size\":%d,", options.connections, options.size);
  printf("\"windowSeconds\":%.6f,\"messages\":%" PRIu64 ",", window_seconds, report.messages);
  printf("\"messagesPerSecond\":%.1f,", static_cast<double>(report.messages) / window_seconds);
  PrintLatency(report.latency_ns);
  printf("\"bytesSent\":%" PRIu64 ",\"bytesReceived\":%" PRIu64 ",", report.bytes_sent,
         report.bytes_received);
  if (options.is_udp) {
    printf("\"lost\":%" PRIu64 ",\"late\":%" PRIu64 ",", report.lost, report.late);
  }
  PrintSchedule(options, report);
  if (options.wants_histogram) PrintHistogram(report.latency_ns);
  printf("\"messagesPerConnection\":{\"min\":%" PRIu64 ",\"max\":%" PRIu64 "},",
         report.slowest_count, report.fastest_count);
  PrintServer(options, report);
  PrintKnown("loadCpuNs", report.load_cpu_ns, ",");
  PrintKnown("serverCpu", report.is_server_pinned ? options.server_cpu : -1, ",");
  PrintKnown("loadCpu", report.is_load_pinned ? options.load_cpu : -1, "}\n");
}

}  // namespace edgewise::load
