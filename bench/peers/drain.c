// A client that takes what a server sends and does nothing with it: MSG_TRUNC has the kernel drop
// the bytes without copying them (tcp(7)), so that it is as fast as a client can be and disturbs
// little. Usage: drain PORT TIMES. Connects so many times, one after the other, reads each to its
// end, and prints the count of all bytes.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { kReadMax = 16 * 1024 * 1024 };

static void die(const char* what) {
  perror(what);
  exit(1);
}

static long long drain(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || connect(fd, (struct sockaddr*)&address, sizeof address) != 0) die("connect");
  long long total = 0;
  for (;;) {
    ssize_t received = recv(fd, NULL, kReadMax, MSG_TRUNC);
    if (received < 0) die("recv");
    if (received == 0) break;
    total += received;
  }
  close(fd);
  return total;
}

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: drain PORT TIMES\n");
    return 2;
  }
  long long total = 0;
  for (int i = 0; i < atoi(argv[2]); i++) total += drain(atoi(argv[1]));
  printf("%lld\n", total);
  return 0;
}
