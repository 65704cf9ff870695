// The arguments of the load generator, checked. Leaf of bench/load.
#pragma once

#include <string>

namespace edgewise::load {

struct Options {
  std::string host = "127.0.0.1";  // a numeric address; nothing but loopback unless it says so
  int port = 0;
  int connections = 64;
  int size = 64;                // bytes per message
  double warmup_seconds = 0.5;  // load that is not counted
  double seconds = 2;           // the measured window
  double stall_seconds = 5;     // the longest silence of the server before we give up
  int server_pid = 0;           // 0: unknown, so no CPU time and no memory
  int server_cpu = -1;          // -1: not pinned
  int load_cpu = -1;
  bool wants_help = false;
};

extern const char kUsage[];

// Fills `options` from the command line. Returns false and one line in `problem` when an argument
// is unknown, incomplete, or out of its range.
bool ParseOptions(int argc, char** argv, Options* options, std::string* problem);

}  // namespace edgewise::load
