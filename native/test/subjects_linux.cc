// The back-ends under test on Linux. subjects_libkqueue.cc is built instead where libkqueue is.
#include "classic_pollers.h"
#include "epoll_poller.h"
#include "fixture.h"

namespace edgewise::test {

const std::vector<Subject>& Subjects() {
  static const std::vector<Subject> subjects = {
      {"epoll", CreateEpollPoller, true, true, false},
      {"poll", CreatePollPoller, true, true, false},
      {"select", CreateSelectPoller, false, false, false},
  };
  return subjects;
}

}  // namespace edgewise::test
