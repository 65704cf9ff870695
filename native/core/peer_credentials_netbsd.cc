// LOCAL_PEEREID of NetBSD (unix(4)).
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include "socket_facts.h"
#include "socket_facts_system.h"

namespace edgewise::sys {

int ReadPeerCredentials(int fd, double* figures) {
  unpcbid credentials{};
  socklen_t length = sizeof(credentials);
  int result = Result(getsockopt(fd, SOL_LOCAL, LOCAL_PEEREID, &credentials, &length));
  if (result < 0) return result;
  if (credentials.unp_pid > 0) figures[kPeerPid] = credentials.unp_pid;
  figures[kPeerUid] = credentials.unp_euid;
  figures[kPeerGid] = credentials.unp_egid;
  return 0;
}

}  // namespace edgewise::sys
