// Runs every test, those per back-end once for each back-end of this build. Arguments: parts of
// names, to run only the tests that contain one of them. Exit code 1 when a test failed.
#include <fcntl.h>
#include <unistd.h>

#include <cstring>

#include "fixture.h"
#include "harness.h"

namespace edgewise::test {
namespace {

int CountOpenDescriptors() {
  int count = 0;
  for (int fd = 0; fd < 2048; fd++) count += fcntl(fd, F_GETFD) >= 0;
  return count;
}

bool IsWanted(const std::string& name, int argc, char** argv) {
  if (argc < 2) return true;
  for (int i = 1; i < argc; i++) {
    if (name.find(argv[i]) != std::string::npos) return true;
  }
  return false;
}

// libkqueue closes its descriptors from a thread of its own, some time later.
bool CanCountDescriptors() { return !Subjects().front().is_emulated; }

bool Run(const TestCase& test, int subject, const std::string& name) {
  int open_before = CountOpenDescriptors();
  FailureCount() = 0;
  test.run(subject);
  if (CanCountDescriptors()) CHECK_EQ(CountOpenDescriptors(), open_before);
  if (FailureCount() > 0) std::printf("FAILED %s\n", name.c_str());
  return FailureCount() == 0;
}

int RunAll(int argc, char** argv) {
  int counts[2] = {0, 0};
  const std::vector<Subject>& subjects = Subjects();
  for (const TestCase& test : AllTests()) {
    size_t run_count = test.is_per_backend ? subjects.size() : 1;
    for (size_t i = 0; i < run_count; i++) {
      std::string name = test.name;
      if (test.is_per_backend) name += std::string(" [") + subjects[i].name + "]";
      if (IsWanted(name, argc, argv)) counts[Run(test, static_cast<int>(i), name)]++;
    }
  }
  std::printf("back-ends:");
  for (const Subject& subject : subjects) std::printf(" %s", subject.name);
  std::printf("\n%d passed, %d failed\n", counts[1], counts[0]);
  return counts[0] == 0 && counts[1] > 0 ? 0 : 1;
}

}  // namespace
}  // namespace edgewise::test

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  return edgewise::test::RunAll(argc, argv);
}
