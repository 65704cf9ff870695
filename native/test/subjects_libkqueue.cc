// kqueue_poller.cc on Linux, over libkqueue: proof of the happy path, not of BSD semantics. The
// library keeps its knotes when a number is closed, where a BSD kernel drops them, and takes
// SO_ERROR away when it looks: so closed_test.cc and identity_test.cc are not run over it.
#include "fixture.h"
#include "kqueue_poller.h"

namespace edgewise::test {

const std::vector<Subject>& Subjects() {
  static const std::vector<Subject> subjects = {
      {"libkqueue", CreateKqueuePoller, true, false, true},
  };
  return subjects;
}

}  // namespace edgewise::test
