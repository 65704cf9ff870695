// What level, edge, oneshot and edge-oneshot promise: the sentences of docs/semantics.md.
#include <errno.h>

#include "fixture.h"
#include "harness.h"

namespace edgewise::test {
namespace {

POLLER_TEST("level: reports at every wait while there is something to read") {
  Fixture f(subject);
  Pair pair = MakeSocketPair();
  CHECK_EQ(f.Add(pair.a, 1, kInterestReadable), 0);
  CHECK_EQ(f.Wait(), 0);
  Put(pair.b, 2);
  for (int i = 0; i < 3; i++) CHECK_EQ(f.Await(1, kReadable), kReadable);
  CHECK_EQ(Drain(pair.a), 2);
  CHECK_EQ(f.Wait(), 0);
}

POLLER_TEST("level: reports at every wait while there is room to write") {
  Fixture f(subject);
  Pair pair = MakeTcp();
  CHECK_EQ(f.Add(pair.a, 1, kInterestWritable), 0);
  for (int i = 0; i < 3; i++) CHECK_EQ(f.Await(1, kWritable), kWritable);
  Fill(pair.a);
  CHECK_EQ(f.Wait(), 0);
  while (Drain(pair.b) > 0) continue;
  CHECK_EQ(f.Await(1, kWritable), kWritable);
}

POLLER_TEST("edge: reports once, although not all was read") {
  Fixture f(subject);
  if (!f.Has(Trigger::kEdge)) return;
  Pair pair = MakeSocketPair();
  CHECK_EQ(f.Add(pair.a, 1, kInterestReadable, Trigger::kEdge), 0);
  Put(pair.b, 100);
  CHECK_EQ(f.Await(1, kReadable), kReadable);
  char byte;
  CHECK_EQ(read(pair.a, &byte, 1), 1);
  CHECK_EQ(f.Wait(), 0);
  CHECK_EQ(f.Wait(20), 0);
}

POLLER_TEST("edge: reports again when more arrives") {
  Fixture f(subject);
  if (!f.Has(Trigger::kEdge)) return;
  Pair pair = MakeSocketPair();
  CHECK_EQ(f.Add(pair.a, 1, kInterestReadable, Trigger::kEdge), 0);
  for (int i = 0; i < 3; i++) {
    Put(pair.b, 1);
    CHECK_EQ(f.Await(1, kReadable), kReadable);
    CHECK_EQ(Drain(pair.a), 1);
    CHECK_EQ(f.Wait(), 0);
  }
}

POLLER_TEST("edge: what was there before the add is reported") {
  Fixture f(subject);
  if (!f.Has(Trigger::kEdge)) return;
  Pair pair = MakeSocketPair();
  Put(pair.b, 1);
  CHECK_EQ(f.Add(pair.a, 1, kInterestReadable, Trigger::kEdge), 0);
  CHECK_EQ(f.Await(1, kReadable), kReadable);
}

POLLER_TEST("edge: modify reports what is ready once more") {
  Fixture f(subject);
  if (!f.Has(Trigger::kEdge)) return;
  Pair pair = MakeSocketPair();
  Put(pair.b, 1);
  CHECK_EQ(f.Add(pair.a, 1, kInterestReadable, Trigger::kEdge), 0);
  CHECK_EQ(f.Await(1, kReadable), kReadable);
  CHECK_EQ(f.Wait(), 0);
  CHECK_EQ(f.Modify(pair.a, 1, kInterestReadable, Trigger::kEdge), 0);
  CHECK_EQ(f.Await(1, kReadable), kReadable);
  CHECK_EQ(f.Wait(), 0);
}

void ReportsOnceUntilModify(int subject, Trigger trigger) {
  Fixture f(subject);
  if (!f.Has(trigger)) return;
  Pair pair = MakeSocketPair();
  CHECK_EQ(f.Add(pair.a, 1, kInterestReadable, trigger), 0);
  Put(pair.b, 1);
  CHECK_EQ(f.Await(1, kReadable), kReadable);
  Put(pair.b, 1);
  pair.b.Close();
  CHECK_EQ(f.Wait(), 0);
  CHECK_EQ(f.Wait(20), 0);
  CHECK_EQ(f.Modify(pair.a, 2, kInterestReadable, trigger), 0);
  uint32_t closed = f.subject.reports_hang_up ? kReadClosed : 0u;
  CHECK_EQ(f.Await(2, kReadable | closed) & (kReadable | closed), kReadable | closed);
  CHECK_EQ(f.Wait(20), 0);
}

POLLER_TEST("oneshot: reports once, nothing more until modify") {
  ReportsOnceUntilModify(subject, Trigger::kOneshot);
}

POLLER_TEST("edge-oneshot: reports once, nothing more until modify") {
  ReportsOnceUntilModify(subject, Trigger::kEdgeOneshot);
}

POLLER_TEST("oneshot: one record disarms reading and writing together") {
  Fixture f(subject);
  Pair pair = MakeSocketPair();
  CHECK_EQ(f.Add(pair.a, 1, kInterestReadable | kInterestWritable, Trigger::kOneshot), 0);
  CHECK_EQ(f.Await(1, kWritable), kWritable);
  Put(pair.b, 1);
  CHECK_EQ(f.Wait(20), 0);
  CHECK_EQ(f.Modify(pair.a, 1, kInterestReadable | kInterestWritable, Trigger::kOneshot), 0);
  CHECK_EQ(f.Await(1, kReadable | kWritable), kReadable | kWritable);
  CHECK_EQ(f.Wait(20), 0);
}

POLLER_TEST("reading and writing come in one record") {
  Fixture f(subject);
  Pair pair = MakeSocketPair();
  Put(pair.b, 1);
  CHECK_EQ(f.Add(pair.a, 1, kInterestReadable | kInterestWritable), 0);
  CHECK_EQ(f.Wait(kAwaitMs), 1);
  CHECK_EQ(f.ShownBy(1), kReadable | kWritable);
}

POLLER_TEST("modify replaces token and interest") {
  Fixture f(subject);
  Pair pair = MakeSocketPair();
  Put(pair.b, 1);
  CHECK_EQ(f.Add(pair.a, 1, kInterestWritable), 0);
  CHECK_EQ(f.Await(1, kWritable), kWritable);
  CHECK_EQ(f.Modify(pair.a, 2, kInterestReadable), 0);
  CHECK_EQ(f.Await(2, kReadable), kReadable);
  CHECK_EQ(f.ShownBy(1), 0);
  CHECK_EQ(f.Modify(pair.a, 2, kInterestReadable | kInterestWritable), 0);
  CHECK_EQ(f.Await(2, kReadable | kWritable), kReadable | kWritable);
}

POLLER_TEST("modify switches from level to edge and back") {
  Fixture f(subject);
  if (!f.Has(Trigger::kEdge)) return;
  Pair pair = MakeSocketPair();
  Put(pair.b, 1);
  CHECK_EQ(f.Add(pair.a, 1, kInterestReadable, Trigger::kLevel), 0);
  for (int i = 0; i < 2; i++) CHECK_EQ(f.Await(1, kReadable), kReadable);
  CHECK_EQ(f.Modify(pair.a, 1, kInterestReadable, Trigger::kEdge), 0);
  CHECK_EQ(f.Await(1, kReadable), kReadable);
  CHECK_EQ(f.Wait(), 0);
  CHECK_EQ(f.Modify(pair.a, 1, kInterestReadable, Trigger::kLevel), 0);
  for (int i = 0; i < 2; i++) CHECK_EQ(f.Await(1, kReadable), kReadable);
}

POLLER_TEST("interest 0: hears nothing of data, and of a hang-up once") {
  Fixture f(subject);
  Pair pair = MakeSocketPair();
  CHECK_EQ(f.Add(pair.a, 1, 0), 0);
  Put(pair.b, 1);
  CHECK_EQ(f.Wait(20), 0);
  pair.b.Close();
  if (f.subject.reports_hang_up) CHECK(f.Await(1, kReadClosed) != 0);
  CHECK_EQ(f.Wait(20), 0);
  CHECK_EQ(f.Modify(pair.a, 1, kInterestReadable), 0);
  f.Await(1, kReadable);
  CHECK_EQ(Drain(pair.a), 1);
}

}  // namespace
}  // namespace edgewise::test
