// The echo servers on libuv, as its guide has them (docs.libuv.org, "Networking") and tuned as its
// reference says: uv_try_write first, so that a message costs no request; one buffer for all, for
// nothing is read while a write is pending; datagrams by recvmmsg (UV_UDP_RECVMMSG).
// Usage: echo tcp-echo|tcp-sink|udp-echo|--version. Prints "listening on 127.0.0.1:PORT".
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { kBufferSize = 64 * 1024, kDatagramMax = 20, kBacklog = 4096 };

struct connection {
  uv_tcp_t tcp;
  uv_write_t request;
  char* rest;  // what a short write has left; nothing is read meanwhile
};

static char buffer[kDatagramMax * kBufferSize];
static int is_sink;

static void check(int status, const char* what) {
  if (status >= 0) return;
  fprintf(stderr, "%s: %s\n", what, uv_strerror(status));
  exit(1);
}

static void announce(const struct sockaddr_storage* address) {
  printf("listening on 127.0.0.1:%d\n", ntohs(((const struct sockaddr_in*)address)->sin_port));
  fflush(stdout);
}

static void on_allocate(uv_handle_t* handle, size_t suggested, uv_buf_t* buf) {
  (void)suggested;
  size_t length = handle->type == UV_UDP ? sizeof buffer : kBufferSize;
  *buf = uv_buf_init(buffer, (unsigned)length);
}

static void on_closed(uv_handle_t* handle) { free(handle->data); }

static void drop(struct connection* connection) {
  uv_handle_t* handle = (uv_handle_t*)&connection->tcp;
  if (!uv_is_closing(handle)) uv_close(handle, on_closed);
}

static void on_read(uv_stream_t* stream, ssize_t length, const uv_buf_t* buf);

static void on_written(uv_write_t* request, int status) {
  struct connection* connection = request->data;
  free(connection->rest);
  if (status != 0) return drop(connection);
  uv_read_start((uv_stream_t*)&connection->tcp, on_allocate, on_read);
}

static void write_rest(struct connection* connection, const char* bytes, size_t length) {
  uv_stream_t* stream = (uv_stream_t*)&connection->tcp;
  connection->rest = malloc(length);
  memcpy(connection->rest, bytes, length);
  uv_buf_t rest = uv_buf_init(connection->rest, (unsigned)length);
  uv_read_stop(stream);
  connection->request.data = connection;
  check(uv_write(&connection->request, stream, &rest, 1, on_written), "uv_write");
}

static void on_read(uv_stream_t* stream, ssize_t length, const uv_buf_t* buf) {
  if (length < 0) return drop(stream->data);
  if (length == 0 || is_sink) return;
  uv_buf_t bytes = uv_buf_init(buf->base, (unsigned)length);
  int written = uv_try_write(stream, &bytes, 1);
  if (written < 0 && written != UV_EAGAIN) return drop(stream->data);
  if (written < 0) written = 0;
  if (written < length) write_rest(stream->data, buf->base + written, (size_t)(length - written));
}

static void on_connection(uv_stream_t* listener, int status) {
  if (status < 0) return;
  struct connection* connection = calloc(1, sizeof *connection);
  connection->tcp.data = connection;
  check(uv_tcp_init(listener->loop, &connection->tcp), "uv_tcp_init");
  if (uv_accept(listener, (uv_stream_t*)&connection->tcp) != 0) return drop(connection);
  uv_tcp_nodelay(&connection->tcp, 1);
  uv_read_start((uv_stream_t*)&connection->tcp, on_allocate, on_read);
}

static void serve_tcp(uv_loop_t* loop, const struct sockaddr* address) {
  static uv_tcp_t listener;
  struct sockaddr_storage name;
  int length = sizeof name;
  check(uv_tcp_init(loop, &listener), "uv_tcp_init");
  check(uv_tcp_bind(&listener, address, 0), "uv_tcp_bind");
  check(uv_listen((uv_stream_t*)&listener, kBacklog, on_connection), "uv_listen");
  check(uv_tcp_getsockname(&listener, (struct sockaddr*)&name, &length), "uv_tcp_getsockname");
  announce(&name);
}

// What the kernel does not take is dropped, as UDP may. No address: the batch, or the wait, is
// over.
static void on_datagram(uv_udp_t* udp, ssize_t length, const uv_buf_t* buf,
                        const struct sockaddr* from, unsigned flags) {
  (void)flags;
  if (from == NULL || length < 0) return;
  uv_buf_t bytes = uv_buf_init(buf->base, (unsigned)length);
  uv_udp_try_send(udp, &bytes, 1, from);
}

static void serve_udp(uv_loop_t* loop, const struct sockaddr* address) {
  static uv_udp_t udp;
  struct sockaddr_storage name;
  int length = sizeof name;
  check(uv_udp_init_ex(loop, &udp, AF_INET | UV_UDP_RECVMMSG), "uv_udp_init_ex");
  check(uv_udp_bind(&udp, address, 0), "uv_udp_bind");
  check(uv_udp_recv_start(&udp, on_allocate, on_datagram), "uv_udp_recv_start");
  check(uv_udp_getsockname(&udp, (struct sockaddr*)&name, &length), "uv_udp_getsockname");
  announce(&name);
}

int main(int argc, char** argv) {
  const char* role = argc == 2 ? argv[1] : "";
  if (strcmp(role, "--version") == 0) return puts(uv_version_string()) < 0;
  uv_loop_t* loop = uv_default_loop();
  struct sockaddr_in address;
  uv_ip4_addr("127.0.0.1", 0, &address);
  is_sink = strcmp(role, "tcp-sink") == 0;
  if (is_sink || strcmp(role, "tcp-echo") == 0) {
    serve_tcp(loop, (struct sockaddr*)&address);
  } else if (strcmp(role, "udp-echo") == 0) {
    serve_udp(loop, (struct sockaddr*)&address);
  } else {
    fprintf(stderr, "usage: echo tcp-echo|tcp-sink|udp-echo|--version\n");
    return 2;
  }
  return uv_run(loop, UV_RUN_DEFAULT);
}
