// Systems without an error queue of sockets: macOS and the BSDs.
#include "error_queue.h"

#include "result.h"

namespace edgewise::sys {

int ReceiveError(int, uint8_t*, size_t, ExtendedError*, AddressSlot*, AddressSlot*) {
  return -ENOSYS;
}

}  // namespace edgewise::sys
