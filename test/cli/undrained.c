// An edge-triggered server of one thread, for test/cli/audit.test.ts. With the argument "once" its
// handler reads once and waits, which is the mistake; with "drain" it reads until would-block.
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static void watch(int set, int fd) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.fd = fd};
  fcntl(fd, F_SETFL, O_NONBLOCK);
  epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
}

int main(int argc, char** argv) {
  int drains = argc > 1 && strcmp(argv[1], "drain") == 0;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr*)&address, length) < 0 || listen(listener, 8) < 0) return 1;
  getsockname(listener, (struct sockaddr*)&address, &length);
  int set = epoll_create1(0);
  watch(set, listener);
  printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  fflush(stdout);
  for (;;) {
    struct epoll_event event;
    char bytes[100];
    if (epoll_wait(set, &event, 1, -1) != 1) continue;
    int fd = event.data.fd;
    if (fd == listener) {
      for (int peer; (peer = accept(listener, NULL, NULL)) >= 0;) watch(set, peer);
      continue;
    }
    ssize_t count = read(fd, bytes, sizeof bytes);
    while (drains && count > 0) count = read(fd, bytes, sizeof bytes);
    if (count == 0) close(fd);
  }
}
