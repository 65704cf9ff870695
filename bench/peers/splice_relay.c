// The base of the scenario `relay`: a plain, single-threaded C relay on epoll(7) and splice(2), as
// one would write it by hand. Both sockets are watched edge-triggered for everything from the
// beginning, so that no epoll_ctl is made while bytes move; each direction has a pipe of its own,
// and goes on until the one side has no more or the other takes no more.
//
//   splice_relay TARGET_PORT     Prints "listening on 127.0.0.1:PORT".
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { kPipeSize = 256 * 1024, kBatchMax = 256, kFillsMax = 16 };

// Bytes from `from` to `to`.
struct direction {
  int from, to;
  int reader, writer;  // of the pipe
  size_t held;         // in the pipe
  bool is_open;        // more may come
};

struct relay {
  struct direction there, back;
  bool is_dead;  // freed after the batch, which may have events of it left
  struct relay* next_dead;
};

static int epoll_fd;
static struct sockaddr_in target;
static struct relay* dead;

static void die(const char* what) {
  perror(what);
  exit(1);
}

static void end(struct relay* relay) {
  if (relay->is_dead) return;
  struct direction* both[] = {&relay->there, &relay->back};
  for (int i = 0; i < 2; i++) {
    close(both[i]->from);  // the only reference: epoll forgets it too
    close(both[i]->reader);
    close(both[i]->writer);
  }
  relay->is_dead = true;
  relay->next_dead = dead;
  dead = relay;
}

// Returns whether the pipe is empty; *failed: the target takes nothing any more.
static bool drain(struct direction* d, bool* failed) {
  while (d->held > 0) {
    ssize_t count =
        splice(d->reader, NULL, d->to, NULL, d->held, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (count > 0) {
      d->held -= (size_t)count;
    } else {
      *failed = count < 0 && errno != EAGAIN;
      return false;
    }
  }
  return true;
}

// Returns whether the relay lives on. With a bound, so that one peer does not keep the others
// waiting; *again: it was reached, and no edge will report it.
static bool relay_bytes(struct direction* d, bool* again) {
  bool failed = false;
  if (!drain(d, &failed)) return !failed;
  for (int fills = 0; d->is_open; fills++) {
    if (fills == kFillsMax) {
      *again = true;
      return true;
    }
    ssize_t count =
        splice(d->from, NULL, d->writer, NULL, kPipeSize, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (count < 0) return errno == EAGAIN;
    if (count == 0) {
      d->is_open = false;
      shutdown(d->to, SHUT_WR);
      return true;
    }
    d->held = (size_t)count;
    if (!drain(d, &failed)) return !failed;
  }
  return true;
}

static void serve(struct relay* relay) {
  bool again = true;
  while (again && !relay->is_dead) {
    again = false;
    bool lives = relay_bytes(&relay->there, &again) && relay_bytes(&relay->back, &again);
    if (!lives || (!relay->there.is_open && !relay->back.is_open)) end(relay);
  }
}

static void watch(int fd, struct relay* relay) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                              .data.ptr = relay};
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
}

static struct direction make_direction(int from, int to) {
  int fds[2];
  if (pipe2(fds, O_NONBLOCK | O_CLOEXEC) != 0) die("pipe2");
  fcntl(fds[1], F_SETPIPE_SZ, kPipeSize);
  return (struct direction){
      .from = from, .to = to, .reader = fds[0], .writer = fds[1], .is_open = true};
}

static void accept_all(int listener) {
  for (;;) {
    int client = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client < 0) return;
    int server = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connect(server, (struct sockaddr*)&target, sizeof target) != 0 && errno != EINPROGRESS) {
      die("connect");
    }
    int one = 1;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct relay* relay = calloc(1, sizeof *relay);
    if (relay == NULL) die("calloc");
    relay->there = make_direction(client, server);
    relay->back = make_direction(server, client);
    watch(client, relay);
    watch(server, relay);  // a splice before it is connected meets EAGAIN
  }
}

static void free_dead(void) {
  while (dead != NULL) {
    struct relay* next = dead->next_dead;
    free(dead);
    dead = next;
  }
}

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: splice_relay TARGET_PORT\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  target = (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)atoi(argv[1])),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  if (bind(listener, (struct sockaddr*)&address, length) != 0 || listen(listener, 4096) != 0 ||
      getsockname(listener, (struct sockaddr*)&address, &length) != 0) {
    die("listen");
  }
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &event) != 0) die("epoll_ctl");
  printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  fflush(stdout);
  struct epoll_event events[kBatchMax];
  for (;;) {
    int count = epoll_wait(epoll_fd, events, kBatchMax, -1);
    for (int i = 0; i < count; i++) {
      struct relay* relay = events[i].data.ptr;
      if (relay == NULL)
        accept_all(listener);
      else if (!relay->is_dead)
        serve(relay);
    }
    free_dead();
  }
}
