// The calls on sockets, and the conversion of addresses, for JavaScript: arguments in, one number
// out. No decisions here. Types and documentation: src/native.ts, src/sys/.
#include "socket_batch.h"
#include "socket_ops.h"

#include "addon.h"
#include "address_wrap.h"
#include "arrays.h"
#include "descriptor_owners.h"

namespace edgewise {
namespace {

int Socket(const Args<3>& args) {
  int domain, type, protocol;
  if (!args.Fd(0, &domain) || !args.Fd(1, &type) || !FlagsAt(args, 2, &protocol)) {
    return kRefused;
  }
  return OwnByThread(sys::Socket(domain, type, protocol));
}

int Socketpair(const Args<4>& args) {
  int domain, type, protocol;
  int32_t* fds;
  size_t count;
  if (!args.Fd(0, &domain) || !args.Fd(1, &type) || !FlagsAt(args, 2, &protocol) ||
      !Int32sAt(args, 3, 2, &fds, &count)) {
    return kRefused;
  }
  return OwnByThread(sys::Socketpair(domain, type, protocol, fds), fds, 2);
}

int Bind(const Args<2>& args) {
  int fd;
  AddressSlot* address;
  if (!args.Fd(0, &fd) || !SlotAt(args, 1, &address)) return kRefused;
  return sys::Bind(fd, *address);
}

int Connect(const Args<2>& args) {
  int fd;
  AddressSlot* address;
  if (!args.Fd(0, &fd) || !SlotAt(args, 1, &address)) return kRefused;
  return sys::Connect(fd, *address);
}

int Listen(const Args<2>& args) {
  int fd, backlog;
  if (!args.Fd(0, &fd) || !args.Fd(1, &backlog)) return kRefused;
  return sys::Listen(fd, backlog);
}

int Accept4(const Args<3>& args) {
  int fd, flags;
  AddressSlot* from;
  if (!args.Fd(0, &fd) || !FlagsAt(args, 2, &flags) || !OptionalSlotAt(args, 1, &from)) {
    return kRefused;
  }
  return OwnByThread(sys::Accept4(fd, from, flags));
}

int Shutdown(const Args<2>& args) {
  int fd, how;
  if (!args.Fd(0, &fd) || !args.Fd(1, &how)) return kRefused;
  return sys::Shutdown(fd, how);
}

int Getsockname(const Args<2>& args) {
  int fd;
  AddressSlot* into;
  if (!args.Fd(0, &fd) || !SlotAt(args, 1, &into)) return kRefused;
  return sys::Getsockname(fd, into);
}

int Getpeername(const Args<2>& args) {
  int fd;
  AddressSlot* into;
  if (!args.Fd(0, &fd) || !SlotAt(args, 1, &into)) return kRefused;
  return sys::Getpeername(fd, into);
}

int Getsockopt(const Args<4>& args) {
  int fd, level, option;
  Bytes value;
  size_t count;
  if (!args.Fd(0, &fd) || !args.Fd(1, &level) || !args.Fd(2, &option) ||
      !ArrayMemoryAt(args, 3, napi_uint8_array, napi_int32_array, &value, &count)) {
    return kRefused;
  }
  return sys::Getsockopt(fd, level, option, value.data, value.length);
}

// The value is a number, which goes in as an int, or the bytes of a structure.
int Setsockopt(const Args<4>& args) {
  int fd, level, option;
  if (!args.Fd(0, &fd) || !args.Fd(1, &level) || !args.Fd(2, &option)) return kRefused;
  int32_t number;
  if (args.Int32(3, &number)) {
    return sys::Setsockopt(fd, level, option, &number, sizeof(number));
  }
  Bytes value;
  size_t count;
  if (!ArrayMemoryAt(args, 3, napi_uint8_array, napi_int32_array, &value, &count)) {
    return kRefused;
  }
  return sys::Setsockopt(fd, level, option, value.data, value.length);
}

int Recv(const Args<5>& args) {
  int fd, flags;
  Bytes bytes;
  if (!args.Fd(0, &fd) || !FlagsAt(args, 4, &flags) || !args.BytesAt(1, &bytes)) {
    return kRefused;
  }
  return sys::Recv(fd, bytes.data, bytes.length, flags);
}

int Send(const Args<5>& args) {
  int fd, flags;
  Bytes bytes;
  if (!args.Fd(0, &fd) || !FlagsAt(args, 4, &flags) || !args.BytesAt(1, &bytes)) {
    return kRefused;
  }
  return sys::Send(fd, bytes.data, bytes.length, flags);
}

int Recvfrom(const Args<6>& args) {
  int fd, flags;
  Bytes bytes;
  AddressSlot* from;
  if (!args.Fd(0, &fd) || !FlagsAt(args, 4, &flags) || !args.BytesAt(1, &bytes) ||
      !OptionalSlotAt(args, 5, &from)) {
    return kRefused;
  }
  return sys::Recvfrom(fd, bytes.data, bytes.length, flags, from);
}

int Sendto(const Args<6>& args) {
  int fd, flags;
  Bytes bytes;
  AddressSlot* to;
  if (!args.Fd(0, &fd) || !FlagsAt(args, 4, &flags) || !args.BytesAt(1, &bytes) ||
      !OptionalSlotAt(args, 5, &to)) {
    return kRefused;
  }
  return sys::Sendto(fd, bytes.data, bytes.length, flags, to);
}

// (memory, entries, bytesCount, count), the memory exactly as long as it must be.
bool BatchAt(const Args<5>& args, sys::SocketBatch* batch, uint32_t* count) {
  Bytes memory;
  if (!args.WholeBytes(0, &memory) || !args.Uint32(1, &batch->entries) ||
      !args.Uint32(2, &batch->bytes_count) || !args.Uint32(3, count)) {
    return false;
  }
  batch->base = memory.data;
  if (batch->entries > sys::SocketBatch::kEntriesMax || *count > batch->entries ||
      memory.length != sys::SocketBatch::Size(batch->entries, batch->bytes_count) ||
      reinterpret_cast<uintptr_t>(memory.data) % alignof(int32_t) != 0) {
    return false;
  }
  for (uint32_t i = 0; i < *count; i++) {
    if (batch->fds()[i] < 0) return false;
  }
  return true;
}

int RecvEach(const Args<5>& args) {
  sys::SocketBatch batch;
  uint32_t count, size_max;
  if (!BatchAt(args, &batch, &count) || !args.Uint32(4, &size_max) || size_max == 0 ||
      size_max > batch.bytes_count) {
    return kRefused;
  }
  return static_cast<int>(sys::RecvEach(batch, count, size_max));
}

// Offsets and lengths stand in memory that JavaScript writes to.
int SendEach(const Args<5>& args) {
  sys::SocketBatch batch;
  uint32_t count;
  if (!BatchAt(args, &batch, &count)) return kRefused;
  for (uint32_t i = 0; i < count; i++) {
    if (uint64_t{batch.offsets()[i]} + batch.lengths()[i] > batch.bytes_count) return kRefused;
  }
  return static_cast<int>(sys::SendEach(batch, count));
}

constexpr Function kFunctions[] = {
    {"recvEach", Call<RecvEach>},
    {"sendEach", Call<SendEach>},
    {"socket", Call<Socket>},
    {"socketpair", Call<Socketpair>},
    {"bind", Call<Bind>},
    {"listen", Call<Listen>},
    {"accept4", Call<Accept4>},
    {"connect", Call<Connect>},
    {"shutdown", Call<Shutdown>},
    {"getsockname", Call<Getsockname>},
    {"getpeername", Call<Getpeername>},
    {"getsockopt", Call<Getsockopt>},
    {"setsockopt", Call<Setsockopt>},
    {"recv", Call<Recv>},
    {"send", Call<Send>},
    {"recvfrom", Call<Recvfrom>},
    {"sendto", Call<Sendto>},
};

}  // namespace

void InitSocket(Napi::Object exports) {
  DefineFunctions(exports, kFunctions);
  InitAddress(exports);
}

}  // namespace edgewise
