// A thread that waits for a poller in place of the thread that the poller belongs to, where a host
// offers no loop to wait in. It looks at the poller's descriptor with poll(2), and never at what it
// brings: records, tokens and the shared memory stay with the owner.
//
// It waits only while it is armed, and an arming ends with its report: so a descriptor that stays
// readable, until the owner has waited itself, is reported once and does not spin. poll(2) looks
// before it sleeps: what came before Arm is seen by it.
#pragma once

#include <pthread.h>

#include <condition_variable>
#include <mutex>

#include "poller.h"
#include "waker.h"

namespace edgewise {

// All functions are called by the owner; `report` is called on the thread.
class WaitThread {
 public:
  using Report = void (*)(void* data);

  WaitThread() = default;
  WaitThread(const WaitThread&) = delete;
  WaitThread& operator=(const WaitThread&) = delete;
  ~WaitThread() { Stop(); }

  // Starts it, not armed. Returns 0 or -errno. EAGAIN: no thread left. EMFILE, ENFILE: no
  // descriptor left to wake it by. Borrows `fd`, which must stay open until Stop.
  int Start(int fd, Report report, void* data);

  // Ends it, and returns when it has ended: no report comes from here on. Again does nothing.
  void Stop();

  // Has it report once, when the descriptor is readable or `deadline` has come.
  void Arm(DeadlineNs deadline);

  // Has it report nothing until it is armed. A report that is under way is not held up.
  void Disarm();

  // Has it look at the descriptor anew: another file is behind the number.
  void LookAnew();

  bool is_running() const { return is_running_; }

 private:
  static void* Main(void* self);
  void Run();
  // Waits in the kernel. Called and left with the lock held, which it gives up meanwhile.
  // Returns whether the descriptor is readable.
  bool Wait(std::unique_lock<std::mutex>& lock);
  void Interrupt() { waker_.Wake(); }

  bool is_running_ = false;
  pthread_t thread_;
  int fd_ = -1;
  Report report_ = nullptr;
  void* data_ = nullptr;
  PipeWaker waker_;  // ends a wait in the kernel

  std::mutex mutex_;  // over all that follows
  std::condition_variable changed_;
  bool is_ending_ = false;
  bool is_armed_ = false;
  bool is_waiting_ = false;            // in the kernel
  DeadlineNs deadline_ = kNoDeadline;  // of the arming
  DeadlineNs until_ = kNoDeadline;     // of the wait in the kernel
};

}  // namespace edgewise
