// A Poller as JavaScript holds it, and the memory that both sides see.
#pragma once

#include <napi.h>

#include <memory>

#include "pinned.h"
#include "poller.h"

namespace edgewise {

// The head of the shared memory, before the records. src/poller/poller.ts reads and writes it by
// the same offsets.
struct SharedHead {
  double now_ns;       // written by native code after each wait: CLOCK_MONOTONIC
  double deadline_ns;  // written by TypeScript: when to be back; Infinity: never, 0: at once
  double wait_count;   // written by native code: waits so far
  double empty_count;  // written by native code: waits that brought nothing before their time
  uint32_t signals;    // written by native code after each wait: ReadySink::SignalBits
  uint32_t reserved;
  double stamp_ns;  // written by native code at each stamp(): CLOCK_MONOTONIC
};
static_assert(sizeof(SharedHead) == 48, "TypeScript finds the records behind 48 bytes");

// The class NativePoller of src/native.ts.
class PollerWrap : public Napi::ObjectWrap<PollerWrap> {
 public:
  static constexpr napi_type_tag kTag = {0x6564676577697365, 0x706f6c6c65720001};

  static Napi::Function Define(Napi::Env env);

  // The PollerWrap behind a JavaScript object, or null for any other value.
  static PollerWrap* From(Napi::Value value);

  explicit PollerWrap(const Napi::CallbackInfo& info);
  ~PollerWrap() override;

  // Returns 0 or -errno. The block has room for the head and one record at least.
  int Open(Backend backend, Block* memory);
  void Close();  // again does nothing

  // One wait, until `deadline` or the deadline in the shared head. Returns the count of records,
  // or -errno. EBADF: closed. EINTR: nothing yet, and the caller must look whether its thread is
  // asked to end, before it goes on by Resume.
  int WaitUntil(DeadlineNs deadline);
  int Resume() { return WaitUntil(deadline_); }

  // Whether JavaScript has something to do after a wait that returned `count`.
  bool HasSomething(int count) const;

  // The deadline in the shared head.
  DeadlineNs PlannedDeadline() const;

  Poller* poller() const { return poller_.get(); }
  SharedHead* head() const { return head_; }
  bool is_open() const { return poller_ != nullptr; }

  // Whether `fd` is a descriptor of ours, in the set or behind it: no caller may add, modify or
  // remove it by its number.
  bool IsInternal(int fd) const;

  // A thread that blocks in a wait must be endable: the host loop's own descriptor in our set
  // makes the wait return when the host wants the thread. Through `latch_`, each readiness of the
  // host is seen once, or a busy host would make every turn return at once. Returns the descriptor
  // of the latch, or -errno.
  // What it has seen may still be pending (the host is not served while turns hold the thread), and
  // then a wish that the thread should end makes no new edge. A thread that `may_be_ended` looks
  // from time to time (EINTR of WaitUntil).
  int WatchHostLoopEdge(int host_fd, bool may_be_ended);
  // The same without the latch, for a driver that gives the host its turn.
  int WatchHostLoopLevel(int host_fd);
  void UnwatchHostLoop();

 private:
  bool IsOf(napi_value value) const;  // whether it is the object that this is wrapped in

  static thread_local PollerWrap* last_;  // what From has found last, while it is alive

  Block* memory_ = nullptr;  // shared with JavaScript, and alive as long as we write to it
  SharedHead* head_ = nullptr;
  ReadyRecord* records_ = nullptr;
  int capacity_ = 0;
  bool HostIsPending() const;
  bool MustLook() const;

  DeadlineNs deadline_ = kPollOnce;  // of the wait that Resume goes on with
  int host_fd_ = -1;                 // what is in the set for the host loop, or -1
  int host_loop_fd_ = -1;            // the host loop's own, behind the latch
  bool is_host_beyond_ = false;      // the latch got a descriptor that select cannot watch
  bool may_be_ended_ = false;        // another thread may ask this one to end
  std::unique_ptr<Poller> latch_;    // before poller_: poller_ watches its descriptor
  std::unique_ptr<Poller> poller_;
};

}  // namespace edgewise
