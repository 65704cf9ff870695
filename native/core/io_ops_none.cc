// OpenBSD and NetBSD have none of the copying calls.
#include "io_ops.h"

namespace edgewise::sys {

int Sendfile(int, int, int64_t, size_t) { return -ENOSYS; }
int Splice(int, int64_t, int, int64_t, size_t, unsigned) { return -ENOSYS; }
int Eventfd(unsigned, int) { return -ENOSYS; }

}  // namespace edgewise::sys
