// Which socket of a port gets a connection when the group is steered by CPU.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

#if defined(__linux__)
#include <sched.h>
#endif

#include "harness.h"
#include "port_steering.h"

namespace edgewise::test {
namespace {

int OpenStream() { return socket(AF_INET, SOCK_STREAM, 0); }

#if defined(__linux__)

constexpr int kGroupSize = 2;
constexpr int kConnectsPerCpu = 8;

sockaddr_in LoopbackAt(in_port_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = port;
  return address;
}

// Sockets that listen on one port of the kernel's choice.
struct Group {
  int fds[kGroupSize];
  sockaddr_in address = LoopbackAt(0);

  Group() {
    for (int& fd : fds) {
      fd = OpenStream();
      int on = 1;
      CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), 0);
      CHECK_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
      socklen_t length = sizeof address;
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
      CHECK_EQ(listen(fd, kConnectsPerCpu), 0);
    }
  }
  ~Group() {
    for (int fd : fds) close(fd);
  }

  // Connects, and answers which socket has got it; -1: none.
  int ConnectOnce() {
    int client = OpenStream();
    int index = -1;
    if (connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
      pollfd watched[kGroupSize];
      for (int i = 0; i < kGroupSize; i++) watched[i] = {fds[i], POLLIN, 0};
      poll(watched, kGroupSize, 5000);
      for (int i = 0; i < kGroupSize; i++) {
        if (watched[i].revents != 0) close(accept(fds[index = i], nullptr, nullptr));
      }
    }
    close(client);
    return index;
  }
};

std::vector<int> AllowedCpus(const cpu_set_t& set) {
  std::vector<int> cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

// On loopback a packet arrives on the CPU that sends it.
TEST("steering: a connection goes to the socket of the CPU that it comes on") {
  Group group;
  CHECK_EQ(sys::SteerByCpu(group.fds[0], kGroupSize), 0);
  cpu_set_t before;
  CHECK_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  for (int cpu : AllowedCpus(before)) {
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(cpu, &only);
    CHECK_EQ(sched_setaffinity(0, sizeof only, &only), 0);
    for (int i = 0; i < kConnectsPerCpu; i++) CHECK_EQ(group.ConnectOnce(), cpu % kGroupSize);
  }
  CHECK_EQ(sched_setaffinity(0, sizeof before, &before), 0);
}

TEST("steering: refuses what shares no port, a count of none, and what is no socket") {
  int alone = OpenStream();
  CHECK_EQ(listen(alone, 1), 0);
  CHECK_EQ(sys::SteerByCpu(alone, kGroupSize), -EINVAL);
  close(alone);
  Group group;
  CHECK_EQ(sys::SteerByCpu(group.fds[0], 0), -EINVAL);
  CHECK_EQ(sys::SteerByCpu(-1, kGroupSize), -EBADF);
}

#else

TEST("steering: no system but Linux has it") {
  int fd = OpenStream();
  CHECK_EQ(sys::SteerByCpu(fd, 2), -EOPNOTSUPP);
  close(fd);
}

#endif

}  // namespace
}  // namespace edgewise::test
