#include "socket_batch.h"

#include <sys/socket.h>

#include "socket_ops.h"

namespace edgewise::sys {

uint32_t RecvEach(const SocketBatch& batch, uint32_t count, uint32_t size_max) {
  uint32_t offset = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (batch.bytes_count - offset < size_max) return i;
    int result = Recv(batch.fds()[i], batch.bytes() + offset, size_max, MSG_DONTWAIT);
    uint32_t length = result > 0 ? static_cast<uint32_t>(result) : 0;
    batch.offsets()[i] = offset;
    batch.lengths()[i] = length;
    batch.results()[i] = result;
    offset += length;
  }
  return count;
}

uint32_t SendEach(const SocketBatch& batch, uint32_t count) {
  uint32_t unsent_count = 0;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t length = batch.lengths()[i];
    int result = 0;
    if (length > 0) {
      result = Send(batch.fds()[i], batch.bytes() + batch.offsets()[i], length, MSG_DONTWAIT);
      if (result < 0 || static_cast<uint32_t>(result) < length) unsent_count++;
    }
    batch.results()[i] = result;
  }
  return unsent_count;
}

}  // namespace edgewise::sys
