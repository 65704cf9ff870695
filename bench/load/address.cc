#include "address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

namespace edgewise::load {

bool ParseAddress(const std::string& host, int port, Address* out) {
  auto* ipv4 = reinterpret_cast<sockaddr_in*>(&out->storage);
  auto* ipv6 = reinterpret_cast<sockaddr_in6*>(&out->storage);
  if (inet_pton(AF_INET, host.c_str(), &ipv4->sin_addr) == 1) {
    ipv4->sin_family = AF_INET;
    ipv4->sin_port = htons(static_cast<uint16_t>(port));
    out->length = sizeof *ipv4;
  } else if (inet_pton(AF_INET6, host.c_str(), &ipv6->sin6_addr) == 1) {
    ipv6->sin6_family = AF_INET6;
    ipv6->sin6_port = htons(static_cast<uint16_t>(port));
    out->length = sizeof *ipv6;
  }
  return out->length != 0;
}

}  // namespace edgewise::load
