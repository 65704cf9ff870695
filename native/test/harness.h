// A test harness of sixty lines: tests register themselves, a failed check prints its place and
// both values, and each test must leave the count of open descriptors as it found it. main.cc
// runs them all and prints one closing line.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace edgewise::test {

struct TestCase {
  std::string name;
  void (*run)(
      int subject);  // `subject`: index of the back-end, for tests that are run per back-end
  bool is_per_backend;
};

inline std::vector<TestCase>& AllTests() {
  static std::vector<TestCase> tests;
  return tests;
}

struct Registrar {
  Registrar(const char* name, void (*run)(int), bool is_per_backend) {
    AllTests().push_back({name, run, is_per_backend});
  }
};

// Failed checks of the test that runs now. Checks are made on the main thread only.
inline int& FailureCount() {
  static int count = 0;
  return count;
}

inline bool Check(bool is_met, const char* file, int line, const char* text) {
  if (is_met) return true;
  std::printf("  %s:%d: CHECK(%s)\n", file, line, text);
  FailureCount()++;
  return false;
}

inline bool CheckEqual(int64_t actual, int64_t expected, const char* file, int line,
                       const char* text) {
  if (actual == expected) return true;
  std::printf("  %s:%d: %s: got %lld (0x%llx), expected %lld (0x%llx)\n", file, line, text,
              static_cast<long long>(actual), static_cast<unsigned long long>(actual),
              static_cast<long long>(expected), static_cast<unsigned long long>(expected));
  FailureCount()++;
  return false;
}

}  // namespace edgewise::test

#define EDGEWISE_JOIN2(a, b) a##b
#define EDGEWISE_JOIN(a, b) EDGEWISE_JOIN2(a, b)
#define EDGEWISE_TEST_AS(function, name, parameter, is_per_backend)                       \
  static void function(parameter);                                                        \
  static ::edgewise::test::Registrar EDGEWISE_JOIN(registrar_, __LINE__)(name, function,  \
                                                                         is_per_backend); \
  static void function(parameter)

// TEST("sentence") { ... }, and POLLER_TEST("sentence") { ... Fixture f(subject); ... }.
#define TEST(name) EDGEWISE_TEST_AS(EDGEWISE_JOIN(Test, __LINE__), name, int, false)
#define POLLER_TEST(name) EDGEWISE_TEST_AS(EDGEWISE_JOIN(Test, __LINE__), name, int subject, true)

#define CHECK(condition) ::edgewise::test::Check((condition), __FILE__, __LINE__, #condition)
#define CHECK_EQ(actual, expected)                                                           \
  ::edgewise::test::CheckEqual(static_cast<int64_t>(actual), static_cast<int64_t>(expected), \
                               __FILE__, __LINE__, #actual)
