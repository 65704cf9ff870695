// What each system has a file for behind socket_facts.h: tcp_info_<platform>.cc and
// peer_credentials_<platform>.cc. All figures are NaN before the call.
#pragma once

namespace edgewise::sys {

int ReadTcpInfo(int fd, double* figures);
int ReadPeerCredentials(int fd, double* figures);

}  // namespace edgewise::sys
