#include "wait_thread.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>

#include "clock.h"

namespace edgewise {

int WaitThread::Start(int fd, Report report, void* data) {
  fd_ = fd;
  report_ = report;
  data_ = data;
  is_ending_ = false;
  int result = waker_.read_fd() < 0 ? waker_.Open() : 0;  // it has one from an earlier start
  if (result < 0) return result;
  // Signals are for the threads of the host: a handler of theirs must not run here.
  sigset_t every, before;
  sigfillset(&every);
  pthread_sigmask(SIG_SETMASK, &every, &before);
  int error = pthread_create(&thread_, nullptr, Main, this);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  is_running_ = error == 0;
  return -error;
}

void WaitThread::Stop() {
  if (!is_running_) return;
  is_running_ = false;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    is_ending_ = true;
    if (is_waiting_) Interrupt();
  }
  changed_.notify_one();
  pthread_join(thread_, nullptr);
}

void WaitThread::Arm(DeadlineNs deadline) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    is_armed_ = true;
    deadline_ = deadline;
    // A wait that ends later than it has to is ended; one that ends earlier goes on by itself.
    if (is_waiting_ && deadline < until_) Interrupt();
  }
  changed_.notify_one();
}

void WaitThread::Disarm() {
  std::lock_guard<std::mutex> lock(mutex_);
  is_armed_ = false;
}

void WaitThread::LookAnew() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (is_waiting_) Interrupt();
}

void* WaitThread::Main(void* self) {
  static_cast<WaitThread*>(self)->Run();
  return nullptr;
}

void WaitThread::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return is_armed_ || is_ending_; });
    if (is_ending_) return;
    bool is_ready = Wait(lock);
    bool is_due = deadline_ != kNoDeadline && RemainingNs(deadline_) == 0;
    if (is_ending_ || !is_armed_ || !(is_ready || is_due)) continue;
    is_armed_ = false;
    lock.unlock();
    report_(data_);
    lock.lock();
  }
}

bool WaitThread::Wait(std::unique_lock<std::mutex>& lock) {
  is_waiting_ = true;
  until_ = deadline_;
  int timeout_ms = until_ == kNoDeadline ? -1 : CeilToMs(RemainingNs(until_));
  lock.unlock();
  pollfd fds[] = {{fd_, POLLIN, 0}, {waker_.read_fd(), POLLIN, 0}};
  // After an error (ENOMEM; EINVAL: fewer descriptors are allowed than we wait for) the owner looks
  // itself: this thread would repeat it without end. A descriptor that is closed is POLLNVAL, which
  // the owner's own wait reports.
  int count = poll(fds, 2, timeout_ms);
  lock.lock();
  is_waiting_ = false;
  if (count > 0 && fds[1].revents != 0) waker_.Drain();
  return count < 0 || fds[0].revents != 0;
}

}  // namespace edgewise
