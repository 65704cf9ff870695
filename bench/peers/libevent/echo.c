// The echo server on libevent's bufferevents, as its book has it (libevent.org, "Bufferevents"):
// the input's chains are moved to the output, not copied. Tuned as the book tells: no locks,
// epoll's changes collected (EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST), 64 KiB at a time instead of 16.
// Usage: echo tcp-echo|tcp-sink|--version. Prints "listening on 127.0.0.1:PORT".
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kBufferSize = 64 * 1024, kBacklog = 4096 };

// Reads go on once the peer has taken all of it.
static void on_write(struct bufferevent* events, void* context) {
  (void)context;
  bufferevent_enable(events, EV_READ);
}

static void on_read(struct bufferevent* events, void* is_sink) {
  struct evbuffer* input = bufferevent_get_input(events);
  struct evbuffer* output = bufferevent_get_output(events);
  if (is_sink != NULL) {
    evbuffer_drain(input, evbuffer_get_length(input));
    return;
  }
  evbuffer_add_buffer(output, input);
  if (evbuffer_get_length(output) > kBufferSize) bufferevent_disable(events, EV_READ);
}

static void on_event(struct bufferevent* events, short what, void* context) {
  (void)context;
  if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) bufferevent_free(events);
}

static void on_connection(struct evconnlistener* listener, evutil_socket_t fd,
                          struct sockaddr* address, int length, void* is_sink) {
  (void)address, (void)length;
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct bufferevent* events =
      bufferevent_socket_new(evconnlistener_get_base(listener), fd, BEV_OPT_CLOSE_ON_FREE);
  if (events == NULL) abort();
  bufferevent_set_max_single_read(events, kBufferSize);
  bufferevent_set_max_single_write(events, kBufferSize);
  bufferevent_setcb(events, on_read, on_write, on_event, is_sink);
  bufferevent_enable(events, EV_READ | EV_WRITE);
}

static struct event_base* make_base(void) {
  struct event_config* config = event_config_new();
  event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
  event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
  struct event_base* base = event_base_new_with_config(config);
  event_config_free(config);
  return base;
}

int main(int argc, char** argv) {
  static char sink;
  const char* role = argc == 2 ? argv[1] : "";
  if (strcmp(role, "--version") == 0) return puts(event_get_version()) < 0;
  if (strcmp(role, "tcp-echo") != 0 && strcmp(role, "tcp-sink") != 0) {
    fprintf(stderr, "usage: echo tcp-echo|tcp-sink|--version\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  struct event_base* base = make_base();
  struct evconnlistener* listener =
      evconnlistener_new_bind(base, on_connection, strcmp(role, "tcp-sink") == 0 ? &sink : NULL,
                              LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE,
                              kBacklog, (struct sockaddr*)&address, (int)length);
  if (listener == NULL ||
      getsockname(evconnlistener_get_fd(listener), (struct sockaddr*)&address, &length) != 0) {
    perror("listen");
    return 1;
  }
  printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return event_base_dispatch(base);
}
