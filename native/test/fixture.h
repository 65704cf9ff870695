// What the conformance tests stand on: the back-ends of this build with their declared
// differences, descriptors that close themselves, and a poller with room for its records.
#pragma once

#include <unistd.h>

#include <memory>
#include <vector>

#include "clock.h"
#include "poller.h"

namespace edgewise::test {

// A back-end under test. A difference between kernels is declared here, never a skipped test.
struct Subject {
  const char* name;
  std::unique_ptr<Poller> (*create)(int* error);
  bool reports_hang_up;     // closed and error bits; select(2) has only readable and writable
  bool reports_pipe_error;  // a pipe without a reader is an error, not only a closed write side
  bool is_emulated;         // a library: it closes its own descriptors late and cannot be nested
};

const std::vector<Subject>& Subjects();

class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.Release()) {}
  Fd& operator=(Fd&& other) noexcept {
    Close();
    fd_ = other.Release();
    return *this;
  }
  ~Fd() { Close(); }

  operator int() const { return fd_; }
  int Release() {
    int fd = fd_;
    fd_ = -1;
    return fd;
  }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

// Two connected, non-blocking ends. Of a pipe, `a` reads what `b` writes.
struct Pair {
  Fd a;
  Fd b;
};
Pair MakeSocketPair();
Pair MakePipe();
Pair MakeTcp();

// Writes `count` bytes; the caller knows that there is room.
void Put(int fd, int count);
// Reads until would-block, end or error; returns the bytes read.
int Drain(int fd);
// Writes until would-block.
void Fill(int fd);

constexpr int64_t kAwaitMs = 5000;

class Fixture {
 public:
  explicit Fixture(int subject);

  const Subject& subject;
  std::unique_ptr<Poller> poller;

  bool Has(Trigger trigger) const {
    return (poller->capabilities().triggers & TriggerBit(trigger)) != 0;
  }

  int Add(int fd, uint32_t slot, uint32_t interest, Trigger trigger = Trigger::kLevel) {
    return poller->Add(fd, Token{slot, 1}, interest, trigger, false);
  }
  int Modify(int fd, uint32_t slot, uint32_t interest, Trigger trigger = Trigger::kLevel) {
    return poller->Modify(fd, Token{slot, 1}, interest, trigger);
  }

  // One wait, without blocking or for at most `wait_ms`. Returns the count of records.
  int Wait(int64_t wait_ms = 0, int capacity = kCapacity);

  // Waits until `slot` has shown all of `bits`, a bounded number of times. Returns what it showed.
  uint32_t Await(uint32_t slot, uint32_t bits);

  // What `slot` showed in the last wait, 0 for nothing.
  uint32_t ShownBy(uint32_t slot) const;

  static constexpr int kCapacity = 64;
  ReadyRecord records[kCapacity];
  ReadySink sink{records, kCapacity};
};

}  // namespace edgewise::test
