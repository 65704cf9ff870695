// Messages and batches of messages for JavaScript: arguments in, one number out. No decisions
// here. Types and documentation: src/native.ts, src/sys/.
#include "datagram_ops.h"

#include "addon.h"
#include "arrays.h"

namespace edgewise {
namespace {

// (fd, buffers, flags, from | undefined, header). `header` is the Int32Array of a ReceivedMessage.
napi_value Recvmsg(napi_env env, napi_callback_info info) {
  Args<5> args(env, info);
  int fd, flags;
  BufferList buffers;
  AddressSlot* from;
  int32_t* header;
  size_t header_count;
  if (!args.Fd(0, &fd) || !FlagsAt(args, 2, &flags) || !buffers.Collect(env, args[1]) ||
      !OptionalSlotAt(env, args, 3, &from) ||
      !Int32sOf(env, args[4], sys::kReceivedFdsOffset, &header, &header_count)) {
    return Refuse(env);
  }
  return Number(env, sys::Recvmsg(fd, buffers.vectors(), buffers.count(), flags, from,
                                  reinterpret_cast<sys::ReceivedHeader*>(header),
                                  static_cast<uint32_t>(header_count - sys::kReceivedFdsOffset)));
}

// (fd, buffers, flags, to | undefined, fds | undefined).
napi_value Sendmsg(napi_env env, napi_callback_info info) {
  Args<5> args(env, info);
  int fd, flags;
  BufferList buffers;
  AddressSlot* to;
  int32_t* fds = nullptr;
  size_t fds_count = 0;
  if (!args.Fd(0, &fd) || !FlagsAt(args, 2, &flags) || !buffers.Collect(env, args[1]) ||
      !OptionalSlotAt(env, args, 3, &to) ||
      (!args.IsUndefined(4) && !Int32sOf(env, args[4], 0, &fds, &fds_count)) ||
      fds_count > sys::kMessageFdsMax) {
    return Refuse(env);
  }
  return Number(env, sys::Sendmsg(fd, buffers.vectors(), buffers.count(), flags, to, fds,
                                  static_cast<uint32_t>(fds_count)));
}

// (fd, arena, messagesMax, bytesMax, count, flags), the arena exactly as long as it must be.
struct BatchCall {
  int fd;
  sys::BatchArena arena;
  uint32_t count;
  int flags;

  bool Take(napi_env env, const Args<6>& args) {
    Bytes memory;
    if (!args.Fd(0, &fd) || !args.Uint32(2, &arena.count) || !args.Uint32(3, &arena.bytes_max) ||
        !args.Uint32(4, &count) || !FlagsAt(args, 5, &flags) ||
        !Args<6>::WholeBytes(env, args[1], &memory)) {
      return false;
    }
    arena.base = memory.data;
    return arena.count <= sys::BatchArena::kCountMax && count <= arena.count &&
           memory.length == sys::BatchArena::Size(arena.count, arena.bytes_max) &&
           reinterpret_cast<uintptr_t>(memory.data) % alignof(AddressSlot) == 0;
  }

  // Lengths and names stand in memory that JavaScript writes to.
  bool IsSendable() const {
    for (uint32_t i = 0; i < count; i++) {
      if (arena.lengths()[i] > arena.bytes_max || !arena.names()[i].IsValid()) return false;
    }
    return true;
  }
};

napi_value Recvmmsg(napi_env env, napi_callback_info info) {
  Args<6> args(env, info);
  BatchCall call;
  if (!call.Take(env, args)) return Refuse(env);
  return Number(env, sys::Recvmmsg(call.fd, call.arena, call.count, call.flags));
}

napi_value Sendmmsg(napi_env env, napi_callback_info info) {
  Args<6> args(env, info);
  BatchCall call;
  if (!call.Take(env, args) || !call.IsSendable()) return Refuse(env);
  return Number(env, sys::Sendmmsg(call.fd, call.arena, call.count, call.flags));
}

constexpr Method kMethods[] = {
    {"recvmsg", Recvmsg},
    {"sendmsg", Sendmsg},
    {"recvmmsg", Recvmmsg},
    {"sendmmsg", Sendmmsg},
};

}  // namespace

bool InitDatagram(napi_env env, napi_value exports) {
  return DefineMethods(env, exports, kMethods);
}

}  // namespace edgewise
