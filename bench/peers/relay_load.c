// What the scenario `relay` puts at the two ends of a relay.
//
//   relay_load sink               Reads what each connection sends, to its end, and answers with
//                                 the count. Prints "listening on 127.0.0.1:PORT".
//   relay_load source PORT BYTES  Sends BYTES, ends, and prints the count that comes back.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { kChunkSize = 256 * 1024 };

static char chunk[kChunkSize];

static void die(const char* what) {
  perror(what);
  exit(1);
}

static struct sockaddr_in loopback(int port) {
  return (struct sockaddr_in){.sin_family = AF_INET,
                              .sin_port = htons((uint16_t)port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

// Discards in the kernel (tcp(7), MSG_TRUNC): the sink must not be what limits.
static void swallow(int fd) {
  uint64_t total = 0;
  ssize_t count;
  while ((count = recv(fd, chunk, sizeof chunk, MSG_TRUNC)) > 0) total += (uint64_t)count;
  if (count == 0 && send(fd, &total, sizeof total, 0) != sizeof total) die("send");
  close(fd);
}

_Noreturn static void sink(void) {
  struct sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(listener, (struct sockaddr*)&address, length) != 0 || listen(listener, 64) != 0 ||
      getsockname(listener, (struct sockaddr*)&address, &length) != 0) {
    die("listen");
  }
  printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  fflush(stdout);
  for (;;) {
    int fd = accept(listener, NULL, NULL);
    if (fd < 0) die("accept");
    swallow(fd);
  }
}

static int source(int port, uint64_t bytes) {
  struct sockaddr_in address = loopback(port);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(fd, (struct sockaddr*)&address, sizeof address) != 0) die("connect");
  memset(chunk, 'e', sizeof chunk);
  for (uint64_t left = bytes; left > 0;) {
    ssize_t count = send(fd, chunk, left < sizeof chunk ? left : sizeof chunk, 0);
    if (count < 0) die("send");
    left -= (uint64_t)count;
  }
  shutdown(fd, SHUT_WR);
  uint64_t arrived = 0;
  if (recv(fd, &arrived, sizeof arrived, MSG_WAITALL) != sizeof arrived) die("recv");
  printf("%llu\n", (unsigned long long)arrived);
  return arrived == bytes ? 0 : 1;
}

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  if (argc == 2 && strcmp(argv[1], "sink") == 0) sink();
  if (argc == 4 && strcmp(argv[1], "source") == 0) {
    return source(atoi(argv[2]), strtoull(argv[3], NULL, 10));
  }
  fprintf(stderr, "usage: relay_load sink | relay_load source PORT BYTES\n");
  return 2;
}
