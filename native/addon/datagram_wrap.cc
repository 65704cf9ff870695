// Messages and batches of messages for JavaScript: arguments in, one number out. No decisions
// here. Types and documentation: src/native.ts, src/sys/.
#include "datagram_ops.h"

#include "addon.h"
#include "arrays.h"
#include "descriptor_owners.h"
#include "error_queue.h"
#include "udp_segments.h"

namespace edgewise {
namespace {

// (fd, buffers, flags, from | undefined, header). `header` is the Int32Array of a ReceivedMessage.
int Recvmsg(const Args<5>& args) {
  int fd, flags;
  BufferList buffers;
  AddressSlot* from;
  int32_t* header;
  size_t header_count;
  if (!args.Fd(0, &fd) || !FlagsAt(args, 2, &flags) || !buffers.Collect(args, 1) ||
      !OptionalSlotAt(args, 3, &from) ||
      !Int32sAt(args, 4, sys::kReceivedFdsOffset, &header, &header_count)) {
    return kRefused;
  }
  auto* received = reinterpret_cast<sys::ReceivedHeader*>(header);
  int result = sys::Recvmsg(fd, buffers.vectors(), buffers.count(), flags, from, received,
                            static_cast<uint32_t>(header_count - sys::kReceivedFdsOffset));
  const int32_t* fds = header + sys::kReceivedFdsOffset;
  return OwnByThread(result, fds, static_cast<size_t>(received->fd_count));
}

// (fd, buffers, flags, to | undefined, fds | undefined).
int Sendmsg(const Args<5>& args) {
  int fd, flags;
  BufferList buffers;
  AddressSlot* to;
  int32_t* fds = nullptr;
  size_t fds_count = 0;
  if (!args.Fd(0, &fd) || !FlagsAt(args, 2, &flags) || !buffers.Collect(args, 1) ||
      !OptionalSlotAt(args, 3, &to) ||
      (!args.IsUndefined(4) && !Int32sAt(args, 4, 0, &fds, &fds_count)) ||
      fds_count > sys::kMessageFdsMax) {
    return kRefused;
  }
  return sys::Sendmsg(fd, buffers.vectors(), buffers.count(), flags, to, fds,
                      static_cast<uint32_t>(fds_count));
}

// (fd, arena, messagesMax, bytesMax, count, flags), the arena exactly as long as it must be.
struct BatchCall {
  int fd;
  sys::BatchArena arena;
  uint32_t count;
  int flags;

  bool Take(const Args<6>& args) {
    Bytes memory;
    if (!args.Fd(0, &fd) || !args.Uint32(2, &arena.count) || !args.Uint32(3, &arena.bytes_max) ||
        !args.Uint32(4, &count) || !FlagsAt(args, 5, &flags) || !args.WholeBytes(1, &memory)) {
      return false;
    }
    arena.base = memory.data;
    return arena.count <= sys::BatchArena::kCountMax && count <= arena.count &&
           memory.length == sys::BatchArena::Size(arena.count, arena.bytes_max) &&
           reinterpret_cast<uintptr_t>(memory.data) % alignof(AddressSlot) == 0;
  }

  // Lengths, segment sizes and names stand in memory that JavaScript writes to.
  bool IsSendable() const {
    for (uint32_t i = 0; i < count; i++) {
      if (arena.lengths()[i] > arena.bytes_max || !arena.names()[i].IsValid() ||
          arena.segment_sizes()[i] > UINT16_MAX) {
        return false;
      }
    }
    return true;
  }
};

int Recvmmsg(const Args<6>& args) {
  BatchCall call;
  if (!call.Take(args)) return kRefused;
  return sys::Recvmmsg(call.fd, call.arena, call.count, call.flags);
}

int Sendmmsg(const Args<6>& args) {
  BatchCall call;
  if (!call.Take(args) || !call.IsSendable()) return kRefused;
  return sys::Sendmmsg(call.fd, call.arena, call.count, call.flags);
}

// (fd, bytes, offset, length, segmentSize, to | undefined), for both ways of sending segments.
template <int (*kSend)(int, const sys::Segments&)>
int SendSegmented(const Args<6>& args) {
  int fd;
  Bytes bytes;
  uint32_t size;
  AddressSlot* to;
  if (!args.Fd(0, &fd) || !args.BytesAt(1, &bytes) || !args.Uint32(4, &size) || size == 0 ||
      size > UINT16_MAX || !OptionalSlotAt(args, 5, &to)) {
    return kRefused;
  }
  return kSend(fd, {bytes.data, bytes.length, size, to});
}

// (fd, record, payload | undefined, to, reporter). `record` is the memory of an ExtendedError.
int ReceiveError(const Args<5>& args) {
  int fd;
  Bytes record, payload;
  AddressSlot *to, *reporter;
  if (!args.Fd(0, &fd) || !args.WholeBytes(1, &record) ||
      record.length != sizeof(sys::ExtendedError) ||
      reinterpret_cast<uintptr_t>(record.data) % alignof(sys::ExtendedError) != 0 ||
      !(args.IsUndefined(2) || args.WholeBytes(2, &payload)) || !SlotAt(args, 3, &to) ||
      !SlotAt(args, 4, &reporter)) {
    return kRefused;
  }
  auto* error = reinterpret_cast<sys::ExtendedError*>(record.data);
  return sys::ReceiveError(fd, payload.data, payload.length, error, to, reporter);
}

constexpr Function kFunctions[] = {
    {"recvmsg", Call<Recvmsg>},
    {"sendmsg", Call<Sendmsg>},
    {"recvmmsg", Call<Recvmmsg>},
    {"sendmmsg", Call<Sendmmsg>},
    {"sendSegments", Call<SendSegmented<sys::SendSegments>>},
    {"sendApart", Call<SendSegmented<sys::SendApart>>},
    {"receiveError", Call<ReceiveError>},
};

}  // namespace

void InitDatagram(Napi::Object exports) { DefineFunctions(exports, kFunctions); }

}  // namespace edgewise
