// Which of the sockets that share a port (SO_REUSEPORT) gets a connection: by default the kernel
// hashes the addresses; Linux can take the CPU that the packet arrived on instead.
#pragma once

namespace edgewise::sys {

// Has the group of `fd` choose socket number CPU mod `count`, in the order in which they began to
// listen. Returns 0 or -errno. EOPNOTSUPP: not Linux. See socket(7), SO_ATTACH_REUSEPORT_CBPF.
int SteerByCpu(int fd, int count);

}  // namespace edgewise::sys
