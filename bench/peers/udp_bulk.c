// The base of comparison for a bulk flow of datagrams: a receiver on epoll(7) and a sender in
// plain C, with and without GSO and GRO (udp(7)). At most a window of bytes is under way, and the
// receiver reports what it has, so that nothing is lost.
//
//   udp_bulk receive [offload]                     prints "listening on 127.0.0.1:PORT"
//   udp_bulk send PORT SECONDS SIZE [offload]      prints bytes, CPU microseconds, milliseconds
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#define UDP_GRO 104
#endif

enum { kMessageMax = 32, kBytesMax = 65536 + 64, kBurstMax = 63000, kWindow = 2 * kBurstMax };

static char bytes[kMessageMax][kBytesMax];
static struct iovec vectors[64];
static struct mmsghdr messages[64];

static void die(const char* what) {
  perror(what);
  exit(1);
}

static int open_socket(uint16_t port) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0) die("socket");
  if (port == 0) {
    if (bind(fd, (struct sockaddr*)&address, sizeof address) != 0) die("bind");
  } else if (connect(fd, (struct sockaddr*)&address, sizeof address) != 0) {
    die("connect");
  }
  return fd;
}

static void receive(int offload) {
  int fd = open_socket(0);
  struct sockaddr_in name;
  socklen_t length = sizeof name;
  if (getsockname(fd, (struct sockaddr*)&name, &length) != 0) die("getsockname");
  if (offload && setsockopt(fd, IPPROTO_UDP, UDP_GRO, &offload, sizeof offload) != 0) die("GRO");
  printf("listening on 127.0.0.1:%d\n", ntohs(name.sin_port));
  fflush(stdout);
  int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN};
  if (epoll_fd < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll");
  uint32_t reported = 0, received = 0;
  for (;;) {
    if (epoll_wait(epoll_fd, &event, 1, -1) < 0 && errno != EINTR) die("epoll_wait");
    for (int i = 0; i < kMessageMax; i++) {
      vectors[i] = (struct iovec){bytes[i], kBytesMax};
      messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
    }
    messages[0].msg_hdr.msg_name = &name;
    messages[0].msg_hdr.msg_namelen = sizeof name;
    int count = recvmmsg(fd, messages, kMessageMax, MSG_DONTWAIT, NULL);
    if (count < 0 && errno != EAGAIN) die("recvmmsg");
    for (int i = 0; i < count; i++) {
      if (messages[i].msg_len == 1)
        received = reported = 0;  // a new sender
      else
        received += messages[i].msg_len;
    }
    if (received - reported < kBurstMax / 2) continue;
    reported = received;
    if (sendto(fd, &received, sizeof received, 0, (struct sockaddr*)&name, sizeof name) < 0) {
      die("sendto");
    }
  }
}

static uint32_t send_burst(int fd, int size, int offload) {
  int count = kBurstMax / size < 64 ? kBurstMax / size : 64;
  if (!offload) {
    for (int i = 0; i < count; i++) {
      vectors[i] = (struct iovec){bytes[0] + i * size, (size_t)size};
      messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
    }
    if (sendmmsg(fd, messages, (unsigned)count, 0) != count) die("sendmmsg");
    return (uint32_t)(count * size);
  }
  _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(uint16_t))] = {0};
  vectors[0] = (struct iovec){bytes[0], (size_t)(count * size)};
  struct msghdr message = {.msg_iov = vectors, .msg_iovlen = 1, .msg_control = control};
  message.msg_controllen = sizeof control;
  struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  *header = (struct cmsghdr){.cmsg_level = IPPROTO_UDP, .cmsg_type = UDP_SEGMENT};
  header->cmsg_len = CMSG_LEN(sizeof(uint16_t));
  memcpy(CMSG_DATA(header), &(uint16_t){(uint16_t)size}, sizeof(uint16_t));
  if (sendmsg(fd, &message, 0) != count * size) die("sendmsg");
  return (uint32_t)(count * size);
}

static double now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void send_for(uint16_t port, double seconds, int size, int offload) {
  int fd = open_socket(port);
  if (send(fd, "", 1, 0) < 0) die("send");
  double begin = now_ms(), total = 0;
  uint32_t sent = 0, confirmed = 0;
  while (now_ms() - begin < seconds * 1e3) {
    while (sent - confirmed + kBurstMax <= kWindow) sent += send_burst(fd, size, offload);
    uint32_t before = confirmed;
    if (recv(fd, &confirmed, sizeof confirmed, 0) < 0) die("recv");
    total += confirmed - before;
  }
  double elapsed = now_ms() - begin;
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
               (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
  printf("%.0f %.0f %.0f\n", total, cpu, elapsed);
}

int main(int count, char** arguments) {
  int is_sender = count > 4 && strcmp(arguments[1], "send") == 0;
  int offload = strcmp(arguments[count - 1], "offload") == 0;
  if (is_sender) {
    send_for((uint16_t)atoi(arguments[2]), atof(arguments[3]), atoi(arguments[4]), offload);
  } else {
    receive(offload);
  }
}
