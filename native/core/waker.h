// A pipe that makes a waiting poll(2) or select(2) return: the classic self-pipe. epoll and kqueue
// have better means (eventfd, EVFILT_USER) and keep them in their own files.
// See pipe(2), signal-safety(7).
#pragma once

namespace edgewise {

class PipeWaker {
 public:
  PipeWaker() = default;
  PipeWaker(const PipeWaker&) = delete;
  PipeWaker& operator=(const PipeWaker&) = delete;
  ~PipeWaker();

  // Makes the pipe, non-blocking and close-on-exec. Returns 0 or -errno.
  int Open();

  // Any thread, async-signal-safe. A full pipe is as good as a written byte. Returns 0 or -errno.
  int Wake();

  // Empties the pipe, on the thread that waits, before it looks at what it was woken for.
  void Drain();

  int read_fd() const { return fds_[0]; }
  bool IsOwn(int fd) const { return fd >= 0 && (fd == fds_[0] || fd == fds_[1]); }

 private:
  int fds_[2] = {-1, -1};
};

}  // namespace edgewise
