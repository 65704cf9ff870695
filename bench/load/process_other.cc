#include <errno.h>

#include "process.h"

namespace edgewise::load {

int64_t ProcessCpuNs(int) { return -ENOTSUP; }
int64_t ResidentBytes(int) { return -ENOTSUP; }
int PinProcess(int, int) { return -ENOTSUP; }

}  // namespace edgewise::load
