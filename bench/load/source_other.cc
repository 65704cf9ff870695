#include <errno.h>

#include "source.h"

namespace edgewise::load {

int BindLoopback(int, int) { return -ENOTSUP; }

}  // namespace edgewise::load
