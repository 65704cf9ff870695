#include <errno.h>

#include "ppoll.h"

namespace edgewise::sys {

int Ppoll(pollfd*, size_t, const timespec*, const sigset_t*) { return -ENOSYS; }

}  // namespace edgewise::sys
