// The calls on descriptors of every kind for JavaScript: arguments in, one number out. No
// decisions here. Types and documentation: src/native.ts, src/sys/.
#include "io_ops.h"

#include <fcntl.h>

#include "addon.h"
#include "arrays.h"
#include "descriptor_owners.h"

namespace edgewise {
namespace {

napi_value Read(napi_env env, napi_callback_info info) {
  Args<4> args(env, info);
  int fd;
  Bytes bytes;
  if (!args.Fd(0, &fd) || !args.BytesAt(1, &bytes)) return Refuse(env);
  return Number(env, sys::Read(fd, bytes.data, bytes.length));
}

napi_value Write(napi_env env, napi_callback_info info) {
  Args<4> args(env, info);
  int fd;
  Bytes bytes;
  if (!args.Fd(0, &fd) || !args.BytesAt(1, &bytes)) return Refuse(env);
  return Number(env, sys::Write(fd, bytes.data, bytes.length));
}

napi_value Pread(napi_env env, napi_callback_info info) {
  Args<5> args(env, info);
  int fd;
  Bytes bytes;
  int64_t position;
  if (!args.Fd(0, &fd) || !args.Offset(2, &position) ||
      !Args<5>::WholeBytes(env, args[1], &bytes) || !args.Narrow(3, &bytes)) {
    return Refuse(env);
  }
  return Number(env, sys::Pread(fd, bytes.data, bytes.length, position));
}

napi_value FileSize(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  int fd;
  if (!args.Fd(0, &fd)) return Refuse(env);
  return Number(env, static_cast<double>(sys::FileSize(fd)));
}

napi_value Readv(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  int fd;
  BufferList buffers;
  if (!args.Fd(0, &fd) || !buffers.Collect(env, args[1])) return Refuse(env);
  return Number(env, sys::Readv(fd, buffers.vectors(), buffers.count()));
}

napi_value Writev(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  int fd;
  BufferList buffers;
  if (!args.Fd(0, &fd) || !buffers.Collect(env, args[1])) return Refuse(env);
  return Number(env, sys::Writev(fd, buffers.vectors(), buffers.count()));
}

napi_value Close(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  int fd;
  if (!args.Fd(0, &fd)) return Refuse(env);
  Disown(fd);
  return Number(env, sys::Close(fd));
}

napi_value Fcntl(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  int fd, command, argument;
  if (!args.Fd(0, &fd) || !args.Fd(1, &command) || !FlagsAt(args, 2, &argument)) {
    return Refuse(env);
  }
  int result = sys::Fcntl(fd, command, argument);
  bool is_new_descriptor = command == F_DUPFD || command == F_DUPFD_CLOEXEC;
  return Number(env, is_new_descriptor ? OwnByThread(result) : result);
}

napi_value Dup(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  int fd;
  if (!args.Fd(0, &fd)) return Refuse(env);
  return Number(env, OwnByThread(sys::Dup(fd)));
}

napi_value Pipe2(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  int32_t* fds;
  size_t count;
  int flags;
  if (!FlagsAt(args, 1, &flags) || !Int32sOf(env, args[0], 2, &fds, &count)) return Refuse(env);
  return Number(env, OwnByThread(sys::Pipe2(fds, flags), fds, 2));
}

// Null stands for the file position.
template <size_t kCount>
bool FileOffsetAt(napi_env env, const Args<kCount>& args, size_t index, int64_t* out) {
  napi_valuetype type;
  *out = sys::kNoOffset;
  if (napi_typeof(env, args[index], &type) == napi_ok && type == napi_null) return true;
  return args.Offset(index, out);
}

napi_value Sendfile(napi_env env, napi_callback_info info) {
  Args<4> args(env, info);
  int out_fd, in_fd;
  int64_t offset, count;
  if (!args.Fd(0, &out_fd) || !args.Fd(1, &in_fd) || !FileOffsetAt(env, args, 2, &offset) ||
      !args.Offset(3, &count)) {
    return Refuse(env);
  }
  return Number(env, sys::Sendfile(out_fd, in_fd, offset, static_cast<size_t>(count)));
}

napi_value Splice(napi_env env, napi_callback_info info) {
  Args<6> args(env, info);
  int in_fd, out_fd, flags;
  int64_t in_offset, out_offset, length;
  if (!args.Fd(0, &in_fd) || !FileOffsetAt(env, args, 1, &in_offset) || !args.Fd(2, &out_fd) ||
      !FileOffsetAt(env, args, 3, &out_offset) || !args.Offset(4, &length) ||
      !FlagsAt(args, 5, &flags)) {
    return Refuse(env);
  }
  return Number(env, sys::Splice(in_fd, in_offset, out_fd, out_offset, static_cast<size_t>(length),
                                 static_cast<unsigned>(flags)));
}

napi_value Eventfd(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  uint32_t initial;
  int flags;
  if (!args.Uint32(0, &initial) || !FlagsAt(args, 1, &flags)) return Refuse(env);
  return Number(env, OwnByThread(sys::Eventfd(initial, flags)));
}

constexpr Method kMethods[] = {
    {"read", Read},         {"write", Write},   {"readv", Readv},     {"writev", Writev},
    {"close", Close},       {"fcntl", Fcntl},   {"dup", Dup},         {"pipe2", Pipe2},
    {"sendfile", Sendfile}, {"splice", Splice}, {"eventfd", Eventfd}, {"pread", Pread},
    {"fileSize", FileSize},
};

}  // namespace

bool InitIo(napi_env env, napi_value exports) { return DefineMethods(env, exports, kMethods); }

}  // namespace edgewise
