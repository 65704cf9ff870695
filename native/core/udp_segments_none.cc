// Systems without UDP_SEGMENT and UDP_GRO: macOS and the BSDs.
#include "result.h"
#include "udp_segments.h"

namespace edgewise::sys {

int CountSendable(const BatchArena& arena, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    if (arena.IsSegmented(i)) return i == 0 ? -ENOPROTOOPT : static_cast<int>(i);
  }
  return static_cast<int>(count);
}

void PutSegmentSize(msghdr*, SegmentControl*, uint32_t) {}
ReceivedControl* ReceivedControls() { return nullptr; }
void ReserveSegmentSize(msghdr*, ReceivedControl*, uint32_t) {}
uint32_t TakeSegmentSize(msghdr*) { return 0; }
int SendSegments(int, const Segments&) { return -ENOPROTOOPT; }

}  // namespace edgewise::sys
