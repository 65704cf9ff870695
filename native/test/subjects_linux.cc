// The back-ends under test on Linux. subjects_libkqueue.cc is built instead where libkqueue is.
#include "classic_pollers.h"
#include "epoll_poller.h"
#include "fixture.h"

namespace edgewise::test {

const std::vector<Subject>& Subjects() {
  static const std::vector<Subject> subjects = {
      {"epoll", CreateEpollPoller, true, false, true, true},
      {"poll", CreatePollPoller, true, false, true, true},
      {"select", CreateSelectPoller, false, false, false, true},
  };
  return subjects;
}

}  // namespace edgewise::test
