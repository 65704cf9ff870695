// The base of every comparison: a plain, single-threaded C echo server on epoll(7), as one would
// write it by hand. One shared buffer, one recv and one send per message, and writability watched
// only while the peer does not take what it is owed. Prints "listening on 127.0.0.1:PORT".
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { kBufferSize = 64 * 1024, kBatchMax = 1024, kAcceptMax = 64, kDescriptorMax = 1 << 20 };

// What a connection is owed after a short send. Nothing more is read until it is paid.
struct debt {
  char* bytes;  // NULL: nothing
  size_t length;
  size_t offset;
};

static char buffer[kBufferSize];
static struct debt* debts;  // by descriptor
static int epoll_fd;
static uint32_t trigger;  // 0 or EPOLLET
static bool is_sink;      // reads, and sends nothing back

static void die(const char* what) {
  perror(what);
  exit(1);
}

static void watch(int operation, int fd, uint32_t events) {
  struct epoll_event event = {.events = events, .data.fd = fd};
  if (epoll_ctl(epoll_fd, operation, fd, &event) != 0) die("epoll_ctl");
}

static void drop(int fd) {
  free(debts[fd].bytes);
  debts[fd].bytes = NULL;
  close(fd);  // the only reference: epoll forgets it too
}

// Keeps what the kernel did not take. Edge-triggered, writability was asked for at the beginning.
static void owe(int fd, const char* bytes, size_t length) {
  debts[fd] = (struct debt){.bytes = malloc(length), .length = length};
  if (debts[fd].bytes == NULL) die("malloc");
  memcpy(debts[fd].bytes, bytes, length);
  if (trigger == 0) watch(EPOLL_CTL_MOD, fd, EPOLLOUT);
}

// Returns whether the debt is paid; closes the connection when it never will be.
static bool pay(int fd) {
  struct debt* debt = &debts[fd];
  ssize_t sent = send(fd, debt->bytes + debt->offset, debt->length - debt->offset, MSG_NOSIGNAL);
  if (sent < 0) {
    if (errno != EAGAIN) drop(fd);
    return false;
  }
  debt->offset += (size_t)sent;
  if (debt->offset < debt->length) return false;
  free(debt->bytes);
  debt->bytes = NULL;
  if (trigger == 0) watch(EPOLL_CTL_MOD, fd, EPOLLIN);
  return true;
}

// Level: one read per event. Edge: until the kernel has no more, which a short read proves unless
// the peer's end (RDHUP) is queued behind it.
static void echo(int fd, uint32_t events) {
  for (;;) {
    ssize_t received = recv(fd, buffer, sizeof buffer, 0);
    if (received < 0 && errno == EAGAIN) return;
    if (received <= 0) return drop(fd);
    ssize_t sent = is_sink ? received : send(fd, buffer, (size_t)received, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return drop(fd);
    if (sent < received) {
      size_t taken = sent < 0 ? 0 : (size_t)sent;
      return owe(fd, buffer + taken, (size_t)received - taken);
    }
    if (trigger == 0 || (received < kBufferSize && !(events & EPOLLRDHUP))) return;
  }
}

static void accept_some(int listener) {
  for (int i = 0; i < kAcceptMax; ++i) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;  // EAGAIN, or a client that has gone; the listener is level-triggered
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch(EPOLL_CTL_ADD, fd, trigger == 0 ? EPOLLIN : EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
  }
}

static int listen_on(uint16_t port) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  socklen_t length = sizeof address;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, (struct sockaddr*)&address, length) != 0) die("bind");
  if (listen(listener, SOMAXCONN) != 0) die("listen");
  getsockname(listener, (struct sockaddr*)&address, &length);
  printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return listener;
}

int main(int argc, char** argv) {
  int port = 0;
  for (int i = 1; i < argc; i += 2) {
    bool is_port = strcmp(argv[i], "--port") == 0 && i + 1 < argc;
    bool is_trigger = strcmp(argv[i], "--trigger") == 0 && i + 1 < argc;
    if (is_port) port = atoi(argv[i + 1]);
    if (is_trigger && strcmp(argv[i + 1], "edge") == 0) trigger = EPOLLET;
    bool is_mode = strcmp(argv[i], "--mode") == 0 && i + 1 < argc;
    if (is_mode) is_sink = strcmp(argv[i + 1], "sink") == 0;
    if (!is_port && !is_trigger && !is_mode) {
      fprintf(stderr,
              "usage: peer-epoll-echo [--port N] [--trigger level|edge] [--mode echo|sink]\n");
      return 2;
    }
  }
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) die("getrlimit");
  if (limit.rlim_max > kDescriptorMax) limit.rlim_max = kDescriptorMax;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) die("setrlimit");
  debts = calloc(limit.rlim_max, sizeof *debts);
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (debts == NULL || epoll_fd < 0) die("start");
  int listener = listen_on((uint16_t)port);
  watch(EPOLL_CTL_ADD, listener, EPOLLIN);
  struct epoll_event events[kBatchMax];
  for (;;) {
    int count = epoll_wait(epoll_fd, events, kBatchMax, -1);
    for (int i = 0; i < count; ++i) {
      int fd = events[i].data.fd;
      if (fd == listener) {
        accept_some(listener);
      } else if (debts[fd].bytes == NULL) {
        echo(fd, events[i].events);
      } else if (pay(fd) && trigger != 0) {
        echo(fd, events[i].events);  // the edges that came meanwhile were not followed
      }
    }
  }
}
