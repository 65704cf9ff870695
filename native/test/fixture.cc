#include "fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "harness.h"

namespace edgewise::test {
namespace {

Fd NonBlocking(int fd) {
  CHECK(fd >= 0);
  CHECK(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0);
  return Fd(fd);
}

}  // namespace

Pair MakeSocketPair() {
  int fds[2] = {-1, -1};
  CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  return {NonBlocking(fds[0]), NonBlocking(fds[1])};
}

Pair MakePipe() {
  int fds[2] = {-1, -1};
  CHECK_EQ(pipe(fds), 0);
  return {NonBlocking(fds[0]), NonBlocking(fds[1])};
}

Pair MakeTcp() {
  Fd listener(socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  CHECK_EQ(bind(listener, generic, length), 0);
  CHECK_EQ(listen(listener, 1), 0);
  CHECK_EQ(getsockname(listener, generic, &length), 0);
  int client = socket(AF_INET, SOCK_STREAM, 0);
  CHECK_EQ(connect(client, generic, length), 0);
  int server = accept(listener, nullptr, nullptr);
  return {NonBlocking(client), NonBlocking(server)};
}

void Put(int fd, int count) {
  std::vector<char> bytes(static_cast<size_t>(count), 'x');
  CHECK_EQ(write(fd, bytes.data(), bytes.size()), count);
}

int Drain(int fd) {
  char bytes[4096];
  int total = 0;
  for (ssize_t count; (count = read(fd, bytes, sizeof bytes)) > 0;)
    total += static_cast<int>(count);
  return total;
}

void Fill(int fd) {
  static const char bytes[4096] = {};
  while (write(fd, bytes, sizeof bytes) > 0) continue;
  CHECK(errno == EAGAIN || errno == EWOULDBLOCK);
}

Fixture::Fixture(int index) : subject(Subjects()[static_cast<size_t>(index)]) {
  int error = 0;
  poller = subject.create(&error);
  CHECK_EQ(error, 0);
}

int Fixture::Wait(int64_t wait_ms, int capacity) {
  sink = ReadySink{records, capacity};
  DeadlineNs deadline = wait_ms == 0 ? kPollOnce : MonotonicNowNs() + wait_ms * kNsPerMs;
  int count = poller->Wait(sink, deadline);
  CHECK_EQ(count, sink.count);
  CHECK(count <= capacity);
  return count;
}

uint32_t Fixture::Await(uint32_t slot, uint32_t bits) {
  uint32_t shown = 0;
  for (int i = 0; i < 8 && (shown & bits) != bits; i++) {
    if (Wait(kAwaitMs) == 0) break;
    shown |= ShownBy(slot);
  }
  CHECK_EQ(shown & bits, bits);
  return shown;
}

uint32_t Fixture::ShownBy(uint32_t slot) const {
  uint32_t shown = 0;
  int record_count = 0;
  for (int i = 0; i < sink.count; i++) {
    if (records[i].slot != slot) continue;
    CHECK_EQ(records[i].generation, 1);
    shown |= records[i].readiness;
    record_count++;
  }
  CHECK(record_count <= 1);  // one record per descriptor and wait
  return shown;
}

}  // namespace edgewise::test
