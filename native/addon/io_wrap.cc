// The calls on descriptors of every kind for JavaScript: arguments in, one number out. No
// decisions here. Types and documentation: src/native.ts, src/sys/.
#include "io_ops.h"

#include <fcntl.h>

#include "addon.h"
#include "arrays.h"
#include "descriptor_owners.h"

namespace edgewise {
namespace {

int Read(const Args<4>& args) {
  int fd;
  Bytes bytes;
  if (!args.Fd(0, &fd) || !args.BytesAt(1, &bytes)) return kRefused;
  return sys::Read(fd, bytes.data, bytes.length);
}

int Write(const Args<4>& args) {
  int fd;
  Bytes bytes;
  if (!args.Fd(0, &fd) || !args.BytesAt(1, &bytes)) return kRefused;
  return sys::Write(fd, bytes.data, bytes.length);
}

int Pread(const Args<5>& args) {
  int fd;
  Bytes bytes;
  int64_t position;
  if (!args.Fd(0, &fd) || !args.Offset(2, &position) || !args.WholeBytes(1, &bytes) ||
      !args.Narrow(3, &bytes)) {
    return kRefused;
  }
  return sys::Pread(fd, bytes.data, bytes.length, position);
}

double FileSize(const Args<1>& args) {
  int fd;
  if (!args.Fd(0, &fd)) return kRefused;
  return static_cast<double>(sys::FileSize(fd));
}

int LockFile(const Args<1>& args) {
  int fd;
  if (!args.Fd(0, &fd)) return kRefused;
  return sys::LockFile(fd);
}

int Readv(const Args<2>& args) {
  int fd;
  BufferList buffers;
  if (!args.Fd(0, &fd) || !buffers.Collect(args, 1)) return kRefused;
  return sys::Readv(fd, buffers.vectors(), buffers.count());
}

int Writev(const Args<2>& args) {
  int fd;
  BufferList buffers;
  if (!args.Fd(0, &fd) || !buffers.Collect(args, 1)) return kRefused;
  return sys::Writev(fd, buffers.vectors(), buffers.count());
}

int Close(const Args<1>& args) {
  int fd;
  if (!args.Fd(0, &fd)) return kRefused;
  Disown(fd);
  return sys::Close(fd);
}

int Fcntl(const Args<3>& args) {
  int fd, command, argument;
  if (!args.Fd(0, &fd) || !args.Fd(1, &command) || !FlagsAt(args, 2, &argument)) {
    return kRefused;
  }
  int result = sys::Fcntl(fd, command, argument);
  bool is_new_descriptor = command == F_DUPFD || command == F_DUPFD_CLOEXEC;
  return is_new_descriptor ? OwnByThread(result) : result;
}

int Dup(const Args<1>& args) {
  int fd;
  if (!args.Fd(0, &fd)) return kRefused;
  return OwnByThread(sys::Dup(fd));
}

int Pipe2(const Args<2>& args) {
  int32_t* fds;
  size_t count;
  int flags;
  if (!FlagsAt(args, 1, &flags) || !Int32sAt(args, 0, 2, &fds, &count)) return kRefused;
  return OwnByThread(sys::Pipe2(fds, flags), fds, 2);
}

// Null stands for the file position.
template <size_t kCount>
bool FileOffsetAt(const Args<kCount>& args, size_t index, int64_t* out) {
  *out = sys::kNoOffset;
  if (args[index].IsNull()) return true;
  return args.Offset(index, out);
}

int Sendfile(const Args<4>& args) {
  int out_fd, in_fd;
  int64_t offset, count;
  if (!args.Fd(0, &out_fd) || !args.Fd(1, &in_fd) || !FileOffsetAt(args, 2, &offset) ||
      !args.Offset(3, &count)) {
    return kRefused;
  }
  return sys::Sendfile(out_fd, in_fd, offset, static_cast<size_t>(count));
}

int Splice(const Args<6>& args) {
  int in_fd, out_fd, flags;
  int64_t in_offset, out_offset, length;
  if (!args.Fd(0, &in_fd) || !FileOffsetAt(args, 1, &in_offset) || !args.Fd(2, &out_fd) ||
      !FileOffsetAt(args, 3, &out_offset) || !args.Offset(4, &length) ||
      !FlagsAt(args, 5, &flags)) {
    return kRefused;
  }
  return sys::Splice(in_fd, in_offset, out_fd, out_offset, static_cast<size_t>(length),
                     static_cast<unsigned>(flags));
}

int Eventfd(const Args<2>& args) {
  uint32_t initial;
  int flags;
  if (!args.Uint32(0, &initial) || !FlagsAt(args, 1, &flags)) return kRefused;
  return OwnByThread(sys::Eventfd(initial, flags));
}

constexpr Function kFunctions[] = {
    {"read", Call<Read>},         {"write", Call<Write>},       {"readv", Call<Readv>},
    {"writev", Call<Writev>},     {"close", Call<Close>},       {"fcntl", Call<Fcntl>},
    {"dup", Call<Dup>},           {"pipe2", Call<Pipe2>},       {"sendfile", Call<Sendfile>},
    {"splice", Call<Splice>},     {"eventfd", Call<Eventfd>},   {"pread", Call<Pread>},
    {"fileSize", Call<FileSize>}, {"lockFile", Call<LockFile>},
};

}  // namespace

void InitIo(Napi::Object exports) { DefineFunctions(exports, kFunctions); }

}  // namespace edgewise
