// The base of comparison for datagrams: a plain, single-threaded C echo server on epoll(7),
// recvmmsg(2) and sendmmsg(2), as one would write it by hand. What the kernel does not take is
// dropped, as UDP may. Usage: udp_echo PORT. Prints "listening on 127.0.0.1:PORT".
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { kMessageMax = 32, kBytesMax = 65536 + 64 };

static char bytes[kMessageMax][kBytesMax];
static struct sockaddr_storage names[kMessageMax];
static struct iovec vectors[kMessageMax];
static struct mmsghdr messages[kMessageMax];

static void die(const char* what) {
  perror(what);
  exit(1);
}

static int open_socket(int port) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || bind(fd, (struct sockaddr*)&address, sizeof address) != 0) die("bind");
  socklen_t length = sizeof address;
  if (getsockname(fd, (struct sockaddr*)&address, &length) != 0) die("getsockname");
  printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return fd;
}

static void prepare(void) {
  for (int i = 0; i < kMessageMax; i++) {
    vectors[i] = (struct iovec){bytes[i], kBytesMax};
    messages[i].msg_hdr = (struct msghdr){.msg_name = &names[i],
                                          .msg_namelen = sizeof names[i],
                                          .msg_iov = &vectors[i],
                                          .msg_iovlen = 1};
  }
}

// One batch per event: level-triggered, the rest is reported again.
static void echo(int fd) {
  prepare();
  int count = recvmmsg(fd, messages, kMessageMax, 0, NULL);
  if (count < 0) {
    if (errno != EAGAIN) die("recvmmsg");
    return;
  }
  for (int i = 0; i < count; i++) vectors[i].iov_len = messages[i].msg_len;
  if (sendmmsg(fd, messages, (unsigned)count, MSG_NOSIGNAL) < 0 && errno != EAGAIN) {
    die("sendmmsg");
  }
}

int main(int count, char** arguments) {
  int fd = open_socket(count > 1 ? atoi(arguments[1]) : 0);
  int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  if (epoll_fd < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll");
  for (;;) {
    if (epoll_wait(epoll_fd, &event, 1, -1) < 0) {
      if (errno != EINTR) die("epoll_wait");
    } else {
      echo(fd);
    }
  }
}
