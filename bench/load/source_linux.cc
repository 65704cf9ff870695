#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "source.h"

namespace edgewise::load {

int BindLoopback(int fd, int number) {
  int on = 1;
  if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) != 0) return -errno;
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl((127u << 24) | static_cast<uint32_t>(number));
  int result = bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  return result == 0 ? 0 : -errno;
}

}  // namespace edgewise::load
