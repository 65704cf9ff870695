// LOCAL_PEERCRED of FreeBSD (unix(4)): the first of the groups is the effective one. The process
// is there since FreeBSD 13.
#include <sys/param.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/ucred.h>
#include <sys/un.h>

#include "socket_facts.h"
#include "socket_facts_system.h"

namespace edgewise::sys {

int ReadPeerCredentials(int fd, double* figures) {
  xucred credentials{};
  socklen_t length = sizeof(credentials);
  int result = Result(getsockopt(fd, SOL_LOCAL, LOCAL_PEERCRED, &credentials, &length));
  if (result < 0) return result;
  if (credentials.cr_version != XUCRED_VERSION) return -EOPNOTSUPP;
  if (credentials.cr_pid > 0) figures[kPeerPid] = credentials.cr_pid;
  figures[kPeerUid] = credentials.cr_uid;
  if (credentials.cr_ngroups > 0) figures[kPeerGid] = credentials.cr_groups[0];
  return 0;
}

}  // namespace edgewise::sys
