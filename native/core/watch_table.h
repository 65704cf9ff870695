// The interest set of the back-ends for which the kernel keeps none (poll, select): a dense array
// of watches that a wait can walk, with an index by descriptor.
//
// It answers Add, Modify and Remove with the errors of epoll_ctl(2). A number that was closed and
// opened again behind our back is recognised by the file's identity.
#pragma once

#include <vector>

#include "file_identity.h"
#include "poller.h"

namespace edgewise {

struct Watch {
  int fd;
  uint32_t interest;
  Trigger trigger;
  bool is_armed;  // false: a oneshot that has fired and waits for Modify
  Token token;
  FileIdentity file;

  // A oneshot, and hang-up or error of a paused watch, are reported once.
  bool FiresOnce() const { return IsOneshot(trigger) || interest == 0; }
};

class WatchTable {
 public:
  int Add(int fd, Token token, uint32_t interest, Trigger trigger);
  int Modify(int fd, Token token, uint32_t interest, Trigger trigger);
  int Remove(int fd);

  // Whether the number of a watch still stands for the file that was added: it may have been closed
  // and opened again without a word to us, and what is ready is then another file.
  static bool IsSameFile(const Watch& watch);

  size_t size() const { return watches_.size(); }
  Watch& operator[](size_t index) { return watches_[index]; }
  const Watch& operator[](size_t index) const { return watches_[index]; }

  // Where the next wait starts looking, so that a full sink does not always serve the same ones.
  size_t start() const { return watches_.empty() ? 0 : start_ % watches_.size(); }
  void StartAfter(size_t index) { start_ = index + 1; }

 private:
  static constexpr int kAbsent = -1;

  int IndexOf(int fd) const {
    return static_cast<size_t>(fd) < index_by_fd_.size() ? index_by_fd_[fd] : kAbsent;
  }

  std::vector<Watch> watches_;
  std::vector<int> index_by_fd_;
  size_t start_ = 0;
};

}  // namespace edgewise
