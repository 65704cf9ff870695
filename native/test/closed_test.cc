// How the end of a stream, a broken one and a refused one show, per kind of descriptor.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "fixture.h"
#include "harness.h"

namespace edgewise::test {
namespace {

uint32_t IfReported(const Fixture& f, uint32_t bits) {
  return f.subject.reports_hang_up ? bits : 0u;
}

void ShowsEndWithUnreadData(int subject, Pair pair) {
  Fixture f(subject);
  Put(pair.b, 10);
  pair.b.Close();
  for (Trigger trigger : {Trigger::kLevel, Trigger::kEdge, Trigger::kOneshot}) {
    if (!f.Has(trigger)) continue;
    CHECK_EQ(f.Add(pair.a, 1, kInterestReadable, trigger), 0);
    f.Await(1, kReadable | IfReported(f, kReadClosed));
    CHECK_EQ(f.poller->Remove(pair.a), 0);
  }
  CHECK_EQ(Drain(pair.a), 10);
}

POLLER_TEST("socketpair: the end comes with the data that is still unread") {
  ShowsEndWithUnreadData(subject, MakeSocketPair());
}

POLLER_TEST("TCP: the end comes with the data that is still unread") {
  ShowsEndWithUnreadData(subject, MakeTcp());
}

POLLER_TEST("pipe: the end comes with the data that is still unread") {
  ShowsEndWithUnreadData(subject, MakePipe());
}

POLLER_TEST("TCP: a half-closed peer is readClosed, and can still be written to") {
  Fixture f(subject);
  Pair pair = MakeTcp();
  CHECK_EQ(f.Add(pair.a, 1, kInterestReadable | kInterestWritable), 0);
  CHECK_EQ(shutdown(pair.b, SHUT_WR), 0);
  uint32_t shown = f.Await(1, kReadable | kWritable | IfReported(f, kReadClosed));
  CHECK_EQ(shown & (kWriteClosed | kError), 0);
  Put(pair.a, 5);
  CHECK_EQ(f.Modify(pair.a, 1, 0), 0);
  CHECK_EQ(f.Add(pair.b, 2, kInterestReadable), 0);
  f.Await(2, kReadable);
  CHECK_EQ(Drain(pair.b), 5);
}

POLLER_TEST("TCP: a reset is an error that wakes both directions") {
  Fixture f(subject);
  Pair pair = MakeTcp();
  CHECK_EQ(f.Add(pair.a, 1, kInterestReadable | kInterestWritable), 0);
  linger reset{1, 0};
  CHECK_EQ(setsockopt(pair.b, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
  pair.b.Close();
  f.Await(1, kReadable | kWritable | IfReported(f, kError | kReadClosed));
  char byte;
  CHECK(read(pair.a, &byte, 1) < 0);
  CHECK_EQ(errno, ECONNRESET);
}

POLLER_TEST("a reset of a paused connection is reported once") {
  Fixture f(subject);
  Pair pair = MakeTcp();
  CHECK_EQ(f.Add(pair.a, 1, 0), 0);
  linger reset{1, 0};
  CHECK_EQ(setsockopt(pair.b, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
  pair.b.Close();
  if (f.subject.reports_hang_up) f.Await(1, kError);
  for (int i = 0; i < 3; i++) CHECK_EQ(f.Wait(), 0);
}

POLLER_TEST("pipe: the writer is woken when the reader has gone") {
  Fixture f(subject);
  Pair pipe = MakePipe();
  Fill(pipe.b);
  CHECK_EQ(f.Add(pipe.b, 1, kInterestWritable), 0);
  CHECK_EQ(f.Wait(), 0);
  pipe.a.Close();
  f.Await(1, kWritable | (f.subject.reports_pipe_error ? kError : 0u));
}

POLLER_TEST("pipe: a writer can be added after the reader has gone, and is woken") {
  Fixture f(subject);
  Pair pipe = MakePipe();
  pipe.a.Close();
  for (Trigger trigger : {Trigger::kLevel, Trigger::kEdge, Trigger::kOneshot}) {
    if (!f.Has(trigger)) continue;
    CHECK_EQ(f.Add(pipe.b, 1, kInterestWritable, trigger), 0);
    f.Await(1, kWritable);
    if (trigger == Trigger::kLevel) f.Await(1, kWritable);
    if (trigger != Trigger::kLevel) CHECK_EQ(f.Wait(), 0);
    CHECK_EQ(f.poller->Remove(pipe.b), 0);
  }
}

POLLER_TEST("a refused connect is writable, and SO_ERROR says why") {
  Fixture f(subject);
  Fd probe(socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  CHECK_EQ(bind(probe, reinterpret_cast<sockaddr*>(&address), length), 0);  // bound, not listening
  CHECK_EQ(getsockname(probe, reinterpret_cast<sockaddr*>(&address), &length), 0);
  Fd client(socket(AF_INET, SOCK_STREAM, 0));
  CHECK_EQ(fcntl(client, F_SETFL, O_NONBLOCK), 0);
  int result = connect(client, reinterpret_cast<sockaddr*>(&address), length);
  CHECK(result < 0 && (errno == EINPROGRESS || errno == ECONNREFUSED));
  if (errno == ECONNREFUSED) return;  // BSD kernels refuse on loopback at once
  CHECK_EQ(f.Add(client, 1, kInterestWritable), 0);
  f.Await(1, kWritable);
  int error = 0;
  length = sizeof error;
  CHECK_EQ(getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &length), 0);
  CHECK_EQ(error, ECONNREFUSED);
}

POLLER_TEST("a FIN reaches a registration that does not read when it asks for readClosed") {
  Fixture f(subject);
  Pair pair = MakeTcp();
  Fill(pair.a);
  CHECK_EQ(f.Add(pair.a, 1, kInterestWritable), 0);
  CHECK_EQ(shutdown(pair.b, SHUT_WR), 0);
  CHECK_EQ(f.Wait(20), 0);
  CHECK_EQ(f.Modify(pair.a, 1, 0), 0);
  CHECK_EQ(f.Wait(20), 0);
  bool can = (f.poller->capabilities().interests & kInterestReadClosed) != 0;
  CHECK_EQ(f.Modify(pair.a, 1, kInterestReadClosed), can ? 0 : -ENOTSUP);
  if (can) CHECK_EQ(f.Await(1, kReadClosed), kReadClosed);
}

}  // namespace
}  // namespace edgewise::test
