// Where connections come from. One pair of addresses has some 28,000 ports, and each of them rests
// in TIME_WAIT after it was closed; 127.0.0.0/8 has more addresses than anybody needs.
// source_linux.cc; elsewhere 127.0.0.1 is the only one, and source_other.cc answers -ENOTSUP.
#pragma once

namespace edgewise::load {

// Binds `fd` to 127.0.0.`number` (1 to 254) and leaves the port to connect(2), which needs the four
// of addresses and ports to be free, not the port itself. Returns 0 or -errno. See ip(7).
int BindLoopback(int fd, int number);

}  // namespace edgewise::load
