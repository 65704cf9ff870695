// UDP_SEGMENT (Linux 4.18) and UDP_GRO (5.0).
#include <netinet/in.h>
#include <netinet/udp.h>

#include <cstring>
#include <memory>

#include "io_ops.h"
#include "result.h"
#include "socket_ops.h"
#include "udp_segments.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103  // linux/udp.h; old C libraries do not have it
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

namespace edgewise::sys {

namespace {

static_assert(CMSG_SPACE(sizeof(int)) <= sizeof(SegmentControl), "a size has room");

thread_local std::unique_ptr<ReceivedControl[]> controls;

// Those that found no room were never made descriptors here.
void ClosePassed(const cmsghdr* header) {
  size_t fd_count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  for (size_t i = 0; i < fd_count; i++) {
    int fd;
    memcpy(&fd, CMSG_DATA(header) + i * sizeof(fd), sizeof(fd));
    Close(fd);
  }
}

}  // namespace

int CountSendable(const BatchArena&, uint32_t count) { return static_cast<int>(count); }

void PutSegmentSize(msghdr* message, SegmentControl* control, uint32_t size) {
  auto value = static_cast<uint16_t>(size);
  message->msg_control = control->bytes;
  message->msg_controllen = CMSG_SPACE(sizeof(value));
  cmsghdr* header = CMSG_FIRSTHDR(message);
  header->cmsg_level = IPPROTO_UDP;
  header->cmsg_type = UDP_SEGMENT;
  header->cmsg_len = CMSG_LEN(sizeof(value));
  memcpy(CMSG_DATA(header), &value, sizeof(value));
}

ReceivedControl* ReceivedControls() {
  // Not value-initialised: pages that no message needs are never touched.
  if (controls == nullptr) controls.reset(new ReceivedControl[BatchArena::kCountMax]);
  return controls.get();
}

void ReserveSegmentSize(msghdr* message, ReceivedControl* controls, uint32_t index) {
  message->msg_control = controls[index].bytes;
  message->msg_controllen = sizeof(controls[index].bytes);
}

uint32_t TakeSegmentSize(msghdr* message) {
  for (cmsghdr* header = CMSG_FIRSTHDR(message); header != nullptr;
       header = CMSG_NXTHDR(message, header)) {
    if (header->cmsg_level == SOL_SOCKET &&
        (header->cmsg_type == SCM_RIGHTS || header->cmsg_type == kPidfdMessage)) {
      ClosePassed(header);
      message->msg_flags |= MSG_CTRUNC;
    }
    if (header->cmsg_level != IPPROTO_UDP || header->cmsg_type != UDP_GRO) continue;
    int size;
    memcpy(&size, CMSG_DATA(header), sizeof(size));
    return static_cast<uint32_t>(size);
  }
  return 0;
}

int SendSegments(int fd, const Segments& segments) {
  iovec vector = {segments.data, segments.length};
  msghdr message = {};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  if (segments.to != nullptr && segments.to->length > 0) {
    message.msg_name = const_cast<sockaddr*>(segments.to->get());
    message.msg_namelen = segments.to->length;
  }
  SegmentControl control = {};
  if (segments.size < segments.length) PutSegmentSize(&message, &control, segments.size);
  return Result(sendmsg(fd, &message, kNoSignal));
}

}  // namespace edgewise::sys
