// SO_PEERCRED of Linux (unix(7)). A socket without a peer answers with the user -1.
#include <sys/socket.h>
#include <sys/types.h>

#include "socket_facts.h"
#include "socket_facts_system.h"

namespace edgewise::sys {

int ReadPeerCredentials(int fd, double* figures) {
  ucred credentials{};
  socklen_t length = sizeof(credentials);
  int result = Result(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length));
  if (result < 0) return result;
  if (credentials.uid == static_cast<uid_t>(-1)) return -ENOTCONN;
  // 0: the peer's process is in a process namespace that ours cannot see.
  if (credentials.pid > 0) figures[kPeerPid] = credentials.pid;
  figures[kPeerUid] = credentials.uid;
  figures[kPeerGid] = credentials.gid;
  return 0;
}

}  // namespace edgewise::sys
