// From kqueue's events, one per filter, to one record per descriptor: the part of the kqueue
// back-end that needs no kqueue, so that recorded event tapes are replayed on any platform
// (native/test/kqueue_merge_test.cc). kqueue_poller.cc translates struct kevent into FilterEvent.
//
// What the kernels report, and what is made of it:
// - EV_EOF on the read filter comes with the data that is still unread: readable and readClosed.
//   Of a socket it is a FIN, which is for those that want to read, or ask for readClosed. A
//   hang-up, which is for all, is the end of both directions, as EPOLLHUP is.
// - Some kernels report to the writer of a pipe that the reader has gone on its read filter only:
//   an end of the read side also wakes a registration that wants to write; the write then says what
//   is the matter.
// - EV_EOF with fflags != 0 is a connection that failed: fflags is its errno.
// - Under EV_CLEAR, UNIX sockets report one end twice (FreeBSD, macOS): the second is dropped.
// - A filter of a oneshot that has already fired may come in the next wait: it is dropped.
#pragma once

#include <cstdint>

#include "poller.h"

namespace edgewise {

// Bits, because a registration keeps a set of those that have reported their end.
enum class Filter : uint32_t { kRead = 1u << 0, kWrite = 1u << 1, kExcept = 1u << 2 };

// What is left of a struct kevent.
struct FilterEvent {
  int fd;
  Filter filter;
  bool is_eof;      // EV_EOF
  uint32_t error;   // the errno of EV_ERROR, otherwise 0
  uint32_t fflags;  // with is_eof: the errno of the socket, or 0
  int64_t data;     // bytes to read, space to write, connections to accept
};

// One registration, by descriptor number. Written by the poller, but for the last five.
struct KqueueEntry {
  Token token{};
  uint32_t interest = 0;
  Trigger trigger = Trigger::kLevel;
  bool is_used = false;
  bool is_socket = false;
  bool is_broken = false;    // a pipe without a reader that the kernel refused to watch (EPIPE)
  bool is_armed = false;     // false: it has fired and waits for Modify
  uint32_t seen_ends = 0;    // Filter bits whose end was seen since the last Modify
  uint32_t ended = 0;        // Filter bits that have reported their end since the last Modify
  uint32_t ended_error = 0;  // and the errno that was reported with it
  uint64_t wait_number = 0;  // the wait in which it was last given a record, and which one
  int record_index = -1;
};

inline uint32_t ErrorOf(const FilterEvent& event) {
  if (event.error != 0) return event.error;
  return event.is_eof && event.filter != Filter::kExcept ? event.fflags : 0;
}

// What an end means to a registration; 0: nothing that it wants to know.
inline uint32_t EndOf(const KqueueEntry& entry, const FilterEvent& event) {
  constexpr uint32_t kBoth =
      static_cast<uint32_t>(Filter::kRead) | static_cast<uint32_t>(Filter::kWrite);
  bool is_read = event.filter == Filter::kRead;
  uint32_t wanting = is_read ? kInterestReadable | kInterestReadClosed : kInterestWritable;
  uint32_t closed = is_read ? kReadable | kReadClosed | kWritable : kWritable | kWriteClosed;
  if (entry.is_socket && (entry.seen_ends & kBoth) == kBoth) closed |= kReadClosed | kWriteClosed;
  bool is_half = entry.is_socket && (entry.seen_ends & kBoth) != kBoth && ErrorOf(event) == 0;
  return is_half && (entry.interest & wanting) == 0 ? 0u : closed;
}

// What one event means to a registration; 0: nothing that it wants to know.
inline uint32_t ReadinessOf(const KqueueEntry& entry, const FilterEvent& event) {
  uint32_t reported = ReportedOf(entry.interest);
  uint32_t readiness = ErrorOf(event) != 0 ? kError | kReadable | kWritable : 0u;
  if (event.error != 0) return readiness & reported;
  if (event.filter == Filter::kExcept) return kPriority;
  if (event.is_eof) return (readiness | EndOf(entry, event)) & reported;
  // 0: the hang-up watch saw mere data, or mere room
  return (event.filter == Filter::kWrite ? kWritable : kReadable) & reported;
}

// Whether `event` is an end that an edge-triggered registration has already reported.
inline bool IsReportedEnd(const KqueueEntry& entry, const FilterEvent& event) {
  return IsEdge(entry.trigger) && event.is_eof && event.error == 0 &&
         (entry.ended & static_cast<uint32_t>(event.filter)) != 0 &&
         entry.ended_error == ErrorOf(event);
}

// Adds `event` to the record that `entry` has in this wait, or gives it one. Returns false when
// the sink is full; the event is then lost, so the caller asks the kernel for no more events than
// there is room for records.
inline bool MergeEvent(KqueueEntry& entry, const FilterEvent& event, uint64_t wait_number,
                       ReadySink& sink) {
  bool has_record = entry.wait_number == wait_number;
  if (!entry.is_used || (!entry.is_armed && !has_record)) return true;
  if (event.is_eof) entry.seen_ends |= static_cast<uint32_t>(event.filter);
  uint32_t readiness = ReadinessOf(entry, event);
  if (readiness == 0 || IsReportedEnd(entry, event)) return true;
  bool is_reserved = entry.token.slot >= kFirstReservedSlot;
  if (!is_reserved && !has_record && sink.IsFull()) return false;
  if (event.is_eof) {
    entry.ended |= static_cast<uint32_t>(event.filter);
    entry.ended_error = ErrorOf(event);
  }
  if (IsOneshot(entry.trigger) || entry.interest == 0) entry.is_armed = false;
  uint32_t detail = event.error != 0 ? event.error : event.fflags;
  if (is_reserved || !has_record) {
    entry.wait_number = is_reserved ? 0 : wait_number;
    entry.record_index = sink.count;
    sink.Push(entry.token, readiness, detail);
    return true;
  }
  ReadyRecord& record = sink.records[entry.record_index];
  record.readiness |= readiness;
  if (record.detail == 0) record.detail = detail;
  return true;
}

}  // namespace edgewise
