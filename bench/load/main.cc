// edgewise-load: the load generator of `edgewise demo` and of bench/. A program of its
// own, so that its CPU time and its pauses are not those of what it measures.
//
// Exit codes: 0 and one JSON object as the last line; 1 and a reason, when the server or the system
// failed; 2 and one line, when an argument was wrong.
#include <signal.h>
#include <stdio.h>

#include "options.h"
#include "report.h"
#include "session.h"

using namespace edgewise::load;

int main(int argc, char** argv) {
  Options options;
  std::string problem;
  if (!ParseOptions(argc, argv, &options, &problem)) {
    fprintf(stderr, "edgewise-load: %s\n", problem.c_str());
    return 2;
  }
  if (options.wants_help) {
    fputs(kUsage, stdout);
    return 0;
  }
  signal(SIGPIPE, SIG_IGN);  // a send to a server that has gone answers EPIPE
  Session session(options);
  Report report;
  if (!session.Run(&report)) {
    fprintf(stderr, "edgewise-load: %s\n", session.failure().c_str());
    return 1;
  }
  PrintReport(options, report);
  return 0;
}
