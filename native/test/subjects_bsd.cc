// The back-ends under test on macOS and the BSDs.
#include "classic_pollers.h"
#include "fixture.h"
#include "kqueue_poller.h"

namespace edgewise::test {

const std::vector<Subject>& Subjects() {
  static const std::vector<Subject> subjects = {
      {"kqueue", CreateKqueuePoller, true, false, false},
      {"poll", CreatePollPoller, true, true, false},
      {"select", CreateSelectPoller, false, false, false},
  };
  return subjects;
}

}  // namespace edgewise::test
