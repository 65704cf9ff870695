// SO_PEERCRED of OpenBSD (getsockopt(2)).
#include <sys/socket.h>
#include <sys/types.h>

#include "socket_facts.h"
#include "socket_facts_system.h"

namespace edgewise::sys {

int ReadPeerCredentials(int fd, double* figures) {
  sockpeercred credentials{};
  socklen_t length = sizeof(credentials);
  int result = Result(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length));
  if (result < 0) return result;
  if (credentials.pid > 0) figures[kPeerPid] = credentials.pid;
  figures[kPeerUid] = credentials.uid;
  figures[kPeerGid] = credentials.gid;
  return 0;
}

}  // namespace edgewise::sys
