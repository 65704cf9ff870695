#include <errno.h>

#include "port_steering.h"

namespace edgewise::sys {

int SteerByCpu(int, int) { return -EOPNOTSUPP; }

}  // namespace edgewise::sys
