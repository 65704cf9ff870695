// ReadySet over poll(2), for systems without epoll. Its cost grows with the number of connections,
// on the load's side only; a kqueue file can be added when that starts to matter.
#include <errno.h>
#include <poll.h>

#include <vector>

#include "readiness.h"

namespace edgewise::load {
namespace {

class PollReadySet : public ReadySet {
 public:
  int Add(int fd, uint32_t index) override {
    if (entries_.size() <= index) entries_.resize(index + 1, pollfd{-1, 0, 0});  // -1: skipped
    entries_[index] = {fd, POLLIN | POLLOUT, 0};
    return 0;
  }

  int Watch(int, uint32_t index, bool for_reading, bool for_writing) override {
    entries_[index].events = (for_reading ? POLLIN : 0) | (for_writing ? POLLOUT : 0);
    return 0;
  }

  // Goes on behind the last one that was handed out, so that a small capacity starves none.
  int Wait(int timeout_ms, uint32_t* indices, int capacity) override {
    int ready = poll(entries_.data(), static_cast<nfds_t>(entries_.size()), timeout_ms);
    if (ready < 0) return errno == EINTR ? 0 : -errno;
    int count = 0;
    for (size_t seen = 0; seen < entries_.size() && count < ready && count < capacity; ++seen) {
      if (++cursor_ >= entries_.size()) cursor_ = 0;
      if (entries_[cursor_].revents != 0) indices[count++] = static_cast<uint32_t>(cursor_);
    }
    return count;
  }

 private:
  std::vector<pollfd> entries_;
  size_t cursor_ = 0;
};

}  // namespace

std::unique_ptr<ReadySet> CreateReadySet() { return std::make_unique<PollReadySet>(); }

}  // namespace edgewise::load
