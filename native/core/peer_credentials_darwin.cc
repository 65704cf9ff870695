// getpeereid(3) of macOS, and LOCAL_PEERPID for the process.
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>
#include <unistd.h>

#include "socket_facts.h"
#include "socket_facts_system.h"

namespace edgewise::sys {

int ReadPeerCredentials(int fd, double* figures) {
  uid_t uid;
  gid_t gid;
  int result = Result(getpeereid(fd, &uid, &gid));
  if (result < 0) return result;
  figures[kPeerUid] = uid;
  figures[kPeerGid] = gid;
  pid_t pid = 0;
  socklen_t length = sizeof(pid);
  // An error: the peer has gone, and its number with it.
  if (getsockopt(fd, SOL_LOCAL, LOCAL_PEERPID, &pid, &length) == 0 && pid > 0) {
    figures[kPeerPid] = pid;
  }
  return 0;
}

}  // namespace edgewise::sys
