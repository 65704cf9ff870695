// The address that the load goes to. Leaf of bench/load.
#pragma once

#include <sys/socket.h>

#include <string>

namespace edgewise::load {

struct Address {
  sockaddr_storage storage = {};
  socklen_t length = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// Returns false when `host` is not a numeric address. See inet_pton(3).
bool ParseAddress(const std::string& host, int port, Address* out);

}  // namespace edgewise::load
