#include "ppoll.h"

#include "result.h"

namespace edgewise::sys {

int Ppoll(pollfd* entries, size_t count, const timespec* timeout, const sigset_t* mask) {
  return Result(ppoll(entries, static_cast<nfds_t>(count), timeout, mask));
}

}  // namespace edgewise::sys
