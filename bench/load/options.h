// The arguments of the load generator, checked. Leaf of bench/load.
#pragma once

#include <string>

namespace edgewise::load {

enum class Mode {
  kEcho,     // connections stay open and exchange messages: the closed loop, with `rate` the open
  kConnect,  // every message has a connection of its own, which the client closes first
  kHold,     // all connections stay open and silent until standard input ends
  kBulk,     // connections send as much as fits, and read what comes back
};

struct Options {
  Mode mode = Mode::kEcho;
  std::string host = "127.0.0.1";  // a numeric address; nothing but loopback unless it says so
  int port = 0;
  int connections = 64;
  int idle = 0;                 // more connections, which stay open and silent
  int sources = 0;              // local addresses 127.0.0.1 to 127.0.0.N; 0: the kernel's choice
  int size = 64;                // bytes per message
  int pipeline = 1;             // messages under way on each connection, in the closed loop
  double rate = 0;              // requests per second of the open loop; 0: the closed loop
  double read_rate = 0;         // bytes per second that each connection reads; 0: all there is
  double warmup_seconds = 0.5;  // load that is not counted
  double seconds = 2;           // the measured window
  double stall_seconds = 5;     // the longest silence of the server before we give up
  double lost_seconds = 1;      // a datagram without an answer for so long is lost
  int server_pid = 0;           // 0: unknown, so no CPU time and no memory
  int server_cpu = -1;          // -1: not pinned
  int load_cpu = -1;
  bool is_udp = false;
  bool is_sink = false;  // the server answers nothing: what was sent counts
  bool wants_histogram = false;
  bool wants_help = false;
};

extern const char kUsage[];

// Fills `options` from the command line. Returns false and one line in `problem` when an argument
// is unknown, incomplete, or out of its range.
bool ParseOptions(int argc, char** argv, Options* options, std::string* problem);

}  // namespace edgewise::load
