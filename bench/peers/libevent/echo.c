// The echo servers on libevent's own events, as its book has them (libevent.org, "Working with
// events"): one persistent event per connection, and what the peer does not take waits for an event
// that is added only then. Bufferevents would ask for writability on every message, and pay two
// epoll_ctl and a wait for it. Tuned as the book says: no locks (EVENT_BASE_FLAG_NOLOCK), epoll's
// changes collected (EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST).
// Usage: echo tcp-echo|tcp-sink|udp-echo|--version. Prints "listening on 127.0.0.1:PORT".
#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/listener.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { kBufferSize = 64 * 1024, kBacklog = 4096 };

struct connection {
  struct event readable, writable;
  char* debt;  // what the peer has not taken; nothing is read meanwhile
  size_t length, offset;
};

static char buffer[kBufferSize];
static int is_sink;

static void die(const char* what) {
  perror(what);
  exit(1);
}

static void drop(struct connection* connection, int fd) {
  event_del(&connection->readable);
  event_del(&connection->writable);
  free(connection->debt);
  free(connection);
  close(fd);
}

static void owe(struct connection* connection, const char* bytes, size_t length) {
  connection->debt = malloc(length);
  if (connection->debt == NULL) die("malloc");
  memcpy(connection->debt, bytes, length);
  connection->length = length;
  connection->offset = 0;
  event_del(&connection->readable);
  event_add(&connection->writable, NULL);
}

static void on_writable(evutil_socket_t fd, short what, void* context) {
  (void)what;
  struct connection* connection = context;
  ssize_t sent = send(fd, connection->debt + connection->offset,
                      connection->length - connection->offset, MSG_NOSIGNAL);
  if (sent < 0 && errno == EAGAIN) return;
  if (sent < 0) return drop(connection, fd);
  connection->offset += (size_t)sent;
  if (connection->offset < connection->length) return;
  free(connection->debt);
  connection->debt = NULL;
  event_del(&connection->writable);
  event_add(&connection->readable, NULL);
}

static void on_readable(evutil_socket_t fd, short what, void* context) {
  (void)what;
  ssize_t received = recv(fd, buffer, sizeof buffer, 0);
  if (received < 0 && errno == EAGAIN) return;
  if (received <= 0) return drop(context, fd);
  if (is_sink) return;
  ssize_t sent = send(fd, buffer, (size_t)received, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) return drop(context, fd);
  if (sent < 0) sent = 0;
  if (sent < received) owe(context, buffer + sent, (size_t)(received - sent));
}

static void on_connection(struct evconnlistener* listener, evutil_socket_t fd,
                          struct sockaddr* address, int length, void* context) {
  (void)address, (void)length, (void)context;
  struct event_base* base = evconnlistener_get_base(listener);
  struct connection* connection = calloc(1, sizeof *connection);
  if (connection == NULL) die("calloc");
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  event_assign(&connection->readable, base, fd, EV_READ | EV_PERSIST, on_readable, connection);
  event_assign(&connection->writable, base, fd, EV_WRITE | EV_PERSIST, on_writable, connection);
  event_add(&connection->readable, NULL);
}

// What the kernel does not take is dropped, as UDP may.
static void on_datagram(evutil_socket_t fd, short what, void* context) {
  (void)what, (void)context;
  struct sockaddr_storage from;
  socklen_t length = sizeof from;
  ssize_t received = recvfrom(fd, buffer, sizeof buffer, 0, (struct sockaddr*)&from, &length);
  if (received >= 0) sendto(fd, buffer, (size_t)received, 0, (struct sockaddr*)&from, length);
}

static int serve_tcp(struct event_base* base, struct sockaddr_in* address) {
  unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE;
  struct evconnlistener* listener = evconnlistener_new_bind(
      base, on_connection, NULL, flags, kBacklog, (struct sockaddr*)address, sizeof *address);
  if (listener == NULL) die("listen");
  return evconnlistener_get_fd(listener);
}

static int serve_udp(struct event_base* base, struct sockaddr_in* address) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, (struct sockaddr*)address, sizeof *address) != 0) die("bind");
  event_add(event_new(base, fd, EV_READ | EV_PERSIST, on_datagram, NULL), NULL);
  return fd;
}

int main(int argc, char** argv) {
  const char* role = argc == 2 ? argv[1] : "";
  if (strcmp(role, "--version") == 0) return puts(event_get_version()) < 0;
  is_sink = strcmp(role, "tcp-sink") == 0;
  int is_udp = strcmp(role, "udp-echo") == 0;
  if (!is_sink && !is_udp && strcmp(role, "tcp-echo") != 0) {
    fprintf(stderr, "usage: echo tcp-echo|tcp-sink|udp-echo|--version\n");
    return 2;
  }
  struct event_config* config = event_config_new();
  event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
  event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
  struct event_base* base = event_base_new_with_config(config);
  if (base == NULL) die("event_base_new");
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int fd = is_udp ? serve_udp(base, &address) : serve_tcp(base, &address);
  if (getsockname(fd, (struct sockaddr*)&address, &length) != 0) die("getsockname");
  printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return event_base_dispatch(base);
}
