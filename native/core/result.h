// What every function of sys:: answers: what the system call answered, or -errno.
#pragma once

#include <errno.h>

#include <cstddef>
#include <cstdint>

namespace edgewise {

// Takes errno at once: nothing may come between the call and this.
inline int Result(long answer) { return answer < 0 ? -errno : static_cast<int>(answer); }

// The longest transfer that is asked of the kernel: Linux moves no more in one call, macOS refuses
// more, and an int holds the answer. A shorter transfer is one that every caller must expect.
constexpr size_t kTransferMax = 0x7ffff000;

inline size_t ClampTransfer(size_t length) { return length < kTransferMax ? length : kTransferMax; }

}  // namespace edgewise
