// recvmsg(2) and sendmsg(2) with SCM_RIGHTS. Descriptors arrive in this process whether or not
// the reader has room for them, and a kernel that cuts the control data may leave some behind
// without their numbers (macOS). So the control buffer always has room for all that a
// message can carry, and what the caller did not ask for is closed here.
#include "datagram_ops.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "io_ops.h"
#include "socket_ops.h"

namespace edgewise::sys {
namespace {

// 256 bytes more for control messages of other kinds, which are passed over.
constexpr size_t kControlMax = 256 + kMessageFdsMax * sizeof(int32_t);

union ControlBuffer {
  cmsghdr aligner;
  uint8_t bytes[kControlMax];
};

#ifdef MSG_CMSG_CLOEXEC
constexpr int kReceiveFlags = MSG_CMSG_CLOEXEC;
void MakeCloexec(int) {}
#else
constexpr int kReceiveFlags = 0;
void MakeCloexec(int fd) { fcntl(fd, F_SETFD, FD_CLOEXEC); }
#endif

// Keeps the descriptors of one control message while there is room, and closes the others.
void TakeFds(const uint8_t* data, size_t fd_count, ReceivedHeader* header, uint32_t fds_max) {
  int32_t* fds = reinterpret_cast<int32_t*>(header) + kReceivedFdsOffset;
  for (size_t i = 0; i < fd_count; i++) {
    int32_t fd;
    memcpy(&fd, data + i * sizeof(fd), sizeof(fd));
    if (static_cast<uint32_t>(header->fd_count) < fds_max) {
      MakeCloexec(fd);
      fds[header->fd_count++] = fd;
    } else {
      Close(fd);
      header->flags |= MSG_CTRUNC;
    }
  }
}

void TakeControl(msghdr* message, ReceivedHeader* header, uint32_t fds_max) {
  for (cmsghdr* control = CMSG_FIRSTHDR(message); control != nullptr;
       control = CMSG_NXTHDR(message, control)) {
    if (control->cmsg_level != SOL_SOCKET) continue;
    size_t fd_count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int32_t);
    if (control->cmsg_type == SCM_RIGHTS) TakeFds(CMSG_DATA(control), fd_count, header, fds_max);
    if (control->cmsg_type == kPidfdMessage) TakeFds(CMSG_DATA(control), fd_count, header, 0);
  }
}

msghdr MessageOf(const iovec* vectors, int count) {
  msghdr message = {};
  message.msg_iov = const_cast<iovec*>(vectors);  // the kernel does not write to it
  message.msg_iovlen = static_cast<decltype(message.msg_iovlen)>(count);
  return message;
}

}  // namespace

int Recvmsg(int fd, const iovec* vectors, int count, int flags, AddressSlot* from,
            ReceivedHeader* header, uint32_t fds_max) {
  ControlBuffer control;
  msghdr message = MessageOf(vectors, count);
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof(control.bytes);
  if (from != nullptr) {
    message.msg_name = from->get();
    message.msg_namelen = sizeof(from->storage);
  }
  int result = Result(recvmsg(fd, &message, flags | kReceiveFlags));
  header->flags = 0;
  header->fd_count = 0;
  if (result < 0) return result;
  header->flags = message.msg_flags;
  TakeControl(&message, header, fds_max);
  if (from != nullptr) from->SetLength(message.msg_namelen);
  return result;
}

int Sendmsg(int fd, const iovec* vectors, int count, int flags, const AddressSlot* to,
            const int32_t* fds, uint32_t fds_count) {
  ControlBuffer control = {};
  msghdr message = MessageOf(vectors, count);
  if (to != nullptr && to->length > 0) {
    message.msg_name = const_cast<sockaddr*>(to->get());
    message.msg_namelen = to->length;
  }
  if (fds_count > 0) {
    size_t size = fds_count * sizeof(int32_t);
    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE(size);
    cmsghdr* passed = CMSG_FIRSTHDR(&message);
    passed->cmsg_level = SOL_SOCKET;
    passed->cmsg_type = SCM_RIGHTS;
    passed->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(passed), fds, size);
  }
  return Result(sendmsg(fd, &message, flags | kNoSignal));
}

}  // namespace edgewise::sys
