// MSG_ERRQUEUE. An entry is read by recvmsg(2): its control data hold a sock_extended_err and
// behind it the reporter's address, at the level of the socket's own family.
#include "error_queue.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

#include "result.h"

namespace edgewise::sys {
namespace {

// Room for timestamps and the like beside the error, which are passed over.
union ControlBuffer {
  cmsghdr aligner;
  uint8_t bytes[512];
};

// sizeof(sock_extended_err): linux/errqueue.h is not there on every system that builds from source.
constexpr size_t kKernelSize = 16;
static_assert(offsetof(ExtendedError, flags) == kKernelSize, "ours begins with the kernel's");

bool IsExtendedError(const cmsghdr* header) {
  return (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_RECVERR) ||
         (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_RECVERR);
}

void TakeReporter(const uint8_t* address, size_t room, AddressSlot* reporter) {
  sa_family_t family;
  if (room < sizeof(family)) return;
  memcpy(&family, address, sizeof(family));
  size_t length = family == AF_INET    ? sizeof(sockaddr_in)
                  : family == AF_INET6 ? sizeof(sockaddr_in6)
                                       : 0;
  if (length == 0 || length > room) return;
  memcpy(&reporter->storage, address, length);
  reporter->SetLength(static_cast<socklen_t>(length));
}

void TakeControl(msghdr* message, ExtendedError* error, AddressSlot* reporter) {
  for (cmsghdr* header = CMSG_FIRSTHDR(message); header != nullptr;
       header = CMSG_NXTHDR(message, header)) {
    size_t size = header->cmsg_len - CMSG_LEN(0);
    if (!IsExtendedError(header) || size < kKernelSize) continue;
    memcpy(error, CMSG_DATA(header), kKernelSize);
    if (reporter == nullptr) continue;
    size_t room = size - kKernelSize;
    TakeReporter(CMSG_DATA(header) + kKernelSize, room, reporter);
  }
}

}  // namespace

int ReceiveError(int fd, uint8_t* payload, size_t length, ExtendedError* error, AddressSlot* to,
                 AddressSlot* reporter) {
  ControlBuffer control;
  iovec vector = {payload, length};
  msghdr message = {};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof(control.bytes);
  if (to != nullptr) {
    message.msg_name = to->get();
    message.msg_namelen = sizeof(to->storage);
  }
  int result = Result(recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT));
  if (result < 0) return result;
  *error = {};
  error->flags = message.msg_flags;
  if (to != nullptr) to->SetLength(message.msg_namelen);
  if (reporter != nullptr) reporter->SetLength(0);
  TakeControl(&message, error, reporter);
  return result;
}

}  // namespace edgewise::sys
