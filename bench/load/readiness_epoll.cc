// ReadySet over epoll(7).
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>

#include "readiness.h"

namespace edgewise::load {
namespace {

constexpr int kBatchMax = 1024;

class EpollReadySet : public ReadySet {
 public:
  explicit EpollReadySet(int epoll_fd) : epoll_fd_(epoll_fd) {}
  ~EpollReadySet() override { close(epoll_fd_); }

  int Add(int fd, uint32_t index) override {
    return Control(EPOLL_CTL_ADD, fd, index, EPOLLIN | EPOLLOUT);
  }

  int Watch(int fd, uint32_t index, bool for_reading, bool for_writing) override {
    uint32_t events = (for_reading ? EPOLLIN : 0u) | (for_writing ? EPOLLOUT : 0u);
    return Control(EPOLL_CTL_MOD, fd, index, events);
  }

  int Wait(int timeout_ms, uint32_t* indices, int capacity) override {
    int count = epoll_wait(epoll_fd_, events_, std::min(capacity, kBatchMax), timeout_ms);
    if (count < 0) return errno == EINTR ? 0 : -errno;
    for (int i = 0; i < count; ++i) indices[i] = events_[i].data.u32;
    return count;
  }

 private:
  int Control(int operation, int fd, uint32_t index, uint32_t events) {
    epoll_event event = {};
    event.events = events;
    event.data.u32 = index;
    return epoll_ctl(epoll_fd_, operation, fd, &event) == 0 ? 0 : -errno;
  }

  int epoll_fd_;
  epoll_event events_[kBatchMax];
};

}  // namespace

std::unique_ptr<ReadySet> CreateReadySet() {
  int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd < 0) return nullptr;
  return std::make_unique<EpollReadySet>(epoll_fd);
}

}  // namespace edgewise::load
