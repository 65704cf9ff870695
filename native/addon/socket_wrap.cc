// The calls on sockets, and the conversion of addresses, for JavaScript: arguments in, one number
// out. No decisions here. Types and documentation: src/native.ts, src/sys/.
#include "socket_ops.h"

#include "addon.h"
#include "address_wrap.h"
#include "arrays.h"
#include "descriptor_owners.h"

namespace edgewise {
namespace {

napi_value Socket(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  int domain, type, protocol;
  if (!args.Fd(0, &domain) || !args.Fd(1, &type) || !FlagsAt(args, 2, &protocol)) {
    return Refuse(env);
  }
  return Number(env, OwnByThread(sys::Socket(domain, type, protocol)));
}

napi_value Socketpair(napi_env env, napi_callback_info info) {
  Args<4> args(env, info);
  int domain, type, protocol;
  int32_t* fds;
  size_t count;
  if (!args.Fd(0, &domain) || !args.Fd(1, &type) || !FlagsAt(args, 2, &protocol) ||
      !Int32sOf(env, args[3], 2, &fds, &count)) {
    return Refuse(env);
  }
  return Number(env, OwnByThread(sys::Socketpair(domain, type, protocol, fds), fds, 2));
}

napi_value Bind(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  int fd;
  AddressSlot* address;
  if (!args.Fd(0, &fd) || !SlotAt(env, args, 1, &address)) return Refuse(env);
  return Number(env, sys::Bind(fd, *address));
}

napi_value Connect(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  int fd;
  AddressSlot* address;
  if (!args.Fd(0, &fd) || !SlotAt(env, args, 1, &address)) return Refuse(env);
  return Number(env, sys::Connect(fd, *address));
}

napi_value Listen(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  int fd, backlog;
  if (!args.Fd(0, &fd) || !args.Fd(1, &backlog)) return Refuse(env);
  return Number(env, sys::Listen(fd, backlog));
}

napi_value Accept4(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  int fd, flags;
  AddressSlot* from;
  if (!args.Fd(0, &fd) || !FlagsAt(args, 2, &flags) || !OptionalSlotAt(env, args, 1, &from)) {
    return Refuse(env);
  }
  return Number(env, OwnByThread(sys::Accept4(fd, from, flags)));
}

napi_value Shutdown(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  int fd, how;
  if (!args.Fd(0, &fd) || !args.Fd(1, &how)) return Refuse(env);
  return Number(env, sys::Shutdown(fd, how));
}

napi_value Getsockname(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  int fd;
  AddressSlot* into;
  if (!args.Fd(0, &fd) || !SlotAt(env, args, 1, &into)) return Refuse(env);
  return Number(env, sys::Getsockname(fd, into));
}

napi_value Getpeername(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  int fd;
  AddressSlot* into;
  if (!args.Fd(0, &fd) || !SlotAt(env, args, 1, &into)) return Refuse(env);
  return Number(env, sys::Getpeername(fd, into));
}

napi_value Getsockopt(napi_env env, napi_callback_info info) {
  Args<4> args(env, info);
  int fd, level, option;
  Bytes value;
  size_t count;
  if (!args.Fd(0, &fd) || !args.Fd(1, &level) || !args.Fd(2, &option) ||
      !ArrayMemory(env, args[3], napi_uint8_array, napi_int32_array, &value, &count)) {
    return Refuse(env);
  }
  return Number(env, sys::Getsockopt(fd, level, option, value.data, value.length));
}

// The value is a number, which goes in as an int, or the bytes of a structure.
napi_value Setsockopt(napi_env env, napi_callback_info info) {
  Args<4> args(env, info);
  int fd, level, option;
  if (!args.Fd(0, &fd) || !args.Fd(1, &level) || !args.Fd(2, &option)) return Refuse(env);
  int32_t number;
  if (args.Int32(3, &number)) {
    return Number(env, sys::Setsockopt(fd, level, option, &number, sizeof(number)));
  }
  Bytes value;
  size_t count;
  if (!ArrayMemory(env, args[3], napi_uint8_array, napi_int32_array, &value, &count)) {
    return Refuse(env);
  }
  return Number(env, sys::Setsockopt(fd, level, option, value.data, value.length));
}

napi_value Recv(napi_env env, napi_callback_info info) {
  Args<5> args(env, info);
  int fd, flags;
  Bytes bytes;
  if (!args.Fd(0, &fd) || !FlagsAt(args, 4, &flags) || !args.BytesAt(1, &bytes)) {
    return Refuse(env);
  }
  return Number(env, sys::Recv(fd, bytes.data, bytes.length, flags));
}

napi_value Send(napi_env env, napi_callback_info info) {
  Args<5> args(env, info);
  int fd, flags;
  Bytes bytes;
  if (!args.Fd(0, &fd) || !FlagsAt(args, 4, &flags) || !args.BytesAt(1, &bytes)) {
    return Refuse(env);
  }
  return Number(env, sys::Send(fd, bytes.data, bytes.length, flags));
}

napi_value Recvfrom(napi_env env, napi_callback_info info) {
  Args<6> args(env, info);
  int fd, flags;
  Bytes bytes;
  AddressSlot* from;
  if (!args.Fd(0, &fd) || !FlagsAt(args, 4, &flags) || !args.BytesAt(1, &bytes) ||
      !OptionalSlotAt(env, args, 5, &from)) {
    return Refuse(env);
  }
  return Number(env, sys::Recvfrom(fd, bytes.data, bytes.length, flags, from));
}

napi_value Sendto(napi_env env, napi_callback_info info) {
  Args<6> args(env, info);
  int fd, flags;
  Bytes bytes;
  AddressSlot* to;
  if (!args.Fd(0, &fd) || !FlagsAt(args, 4, &flags) || !args.BytesAt(1, &bytes) ||
      !OptionalSlotAt(env, args, 5, &to)) {
    return Refuse(env);
  }
  return Number(env, sys::Sendto(fd, bytes.data, bytes.length, flags, to));
}

constexpr Method kMethods[] = {
    {"socket", Socket},
    {"socketpair", Socketpair},
    {"bind", Bind},
    {"listen", Listen},
    {"accept4", Accept4},
    {"connect", Connect},
    {"shutdown", Shutdown},
    {"getsockname", Getsockname},
    {"getpeername", Getpeername},
    {"getsockopt", Getsockopt},
    {"setsockopt", Setsockopt},
    {"recv", Recv},
    {"send", Send},
    {"recvfrom", Recvfrom},
    {"sendto", Sendto},
};

}  // namespace

bool InitSocket(napi_env env, napi_value exports) {
  return DefineMethods(env, exports, kMethods) && InitAddress(env, exports);
}

}  // namespace edgewise
