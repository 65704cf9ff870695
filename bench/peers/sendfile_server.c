// The base of comparison for files: a plain, single-threaded C server on epoll(7) and sendfile(2),
// as one would write it by hand. Sends the file to each client, and closes. One sendfile of
// all that is left per event; writability is watched as long as something is left.
// Usage: sendfile_server FILE. Prints "listening on 127.0.0.1:PORT".
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { kBatchMax = 256, kDescriptorMax = 1024, kAcceptMax = 64 };

static int epoll_fd;
static int file;
static off_t file_size;
static off_t offsets[kDescriptorMax];  // by descriptor

static void die(const char* what) {
  perror(what);
  exit(1);
}

static void watch(int fd, uint32_t events) {
  struct epoll_event event = {.events = events, .data.fd = fd};
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
}

// Returns whether the connection is done with.
static int send_some(int fd) {
  size_t left = (size_t)(file_size - offsets[fd]);
  ssize_t sent = sendfile(fd, file, &offsets[fd], left);
  if (sent < 0) return errno != EAGAIN && errno != EINTR;
  return sent == 0 || offsets[fd] == file_size;
}

static void accept_some(int listener) {
  for (int i = 0; i < kAcceptMax; i++) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;  // EAGAIN, or a client that has gone; the listener is level-triggered
    offsets[fd % kDescriptorMax] = 0;
    if (fd >= kDescriptorMax || send_some(fd)) {
      close(fd);
    } else {
      watch(fd, EPOLLOUT);
    }
  }
}

static int listen_anywhere(void) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t length = sizeof address;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, (struct sockaddr*)&address, length) != 0) die("bind");
  if (listen(listener, SOMAXCONN) != 0) die("listen");
  if (getsockname(listener, (struct sockaddr*)&address, &length) != 0) die("getsockname");
  printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return listener;
}

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: sendfile_server FILE\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);  // sendfile takes no MSG_NOSIGNAL
  file = open(argv[1], O_RDONLY | O_CLOEXEC);
  struct stat status;
  if (file < 0 || fstat(file, &status) != 0) die(argv[1]);
  file_size = status.st_size;
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd < 0) die("epoll_create1");
  int listener = listen_anywhere();
  watch(listener, EPOLLIN);
  struct epoll_event events[kBatchMax];
  for (;;) {
    int count = epoll_wait(epoll_fd, events, kBatchMax, -1);
    for (int i = 0; i < count; i++) {
      int fd = events[i].data.fd;
      if (fd == listener) {
        accept_some(listener);
      } else if (send_some(fd)) {
        close(fd);  // the only reference: epoll forgets it too
      }
    }
  }
}
