// The arguments of the load generator, checked. Leaf of bench/load.
#pragma once

#include <string>

namespace edgewise::load {

enum class Mode {
  kEcho,     // every connection stays open and exchanges one message after the other
  kConnect,  // every message has a connection of its own, which the client closes first
  kHold,     // all connections stay open and silent until standard input ends
};

struct Options {
  Mode mode = Mode::kEcho;
  std::string host = "127.0.0.1";  // a numeric address; nothing but loopback unless it says so
  int port = 0;
  int connections = 64;
  int sources = 0;              // local addresses 127.0.0.1 to 127.0.0.N; 0: the kernel's choice
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
