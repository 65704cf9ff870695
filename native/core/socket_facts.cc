// What is the same on every system. See socket_facts.h.
#include "socket_facts.h"

#include <sys/socket.h>

#include <limits>

#include "socket_facts_system.h"

namespace edgewise::sys {
namespace {

void Forget(double* figures, size_t count) {
  for (size_t i = 0; i < count; i++) figures[i] = std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

int TcpInfo(int fd, double* figures) {
  Forget(figures, kTcpFigureCount);
  return ReadTcpInfo(fd, figures);
}

// Asked of another family, some kernels give empty credentials instead of an error.
int PeerCredentials(int fd, double* figures) {
  Forget(figures, kCredentialCount);
  sockaddr_storage name{};
  socklen_t length = sizeof(name);
  int result = Result(getsockname(fd, reinterpret_cast<sockaddr*>(&name), &length));
  if (result < 0) return result;
  return name.ss_family == AF_UNIX ? ReadPeerCredentials(fd, figures) : -EOPNOTSUPP;
}

}  // namespace edgewise::sys
