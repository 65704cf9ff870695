#include "options.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>

namespace edgewise::load {

const char kUsage[] =
    "usage: edgewise-load --port N [options]\n"
    "\n"
    "Drives an echo server and checks every byte that comes back. Prints one JSON object.\n"
    "\n"
    "The closed loop sends a connection's next message when one was answered; its latency is\n"
    "counted from there. The open loop (--rate) sends by a fixed schedule, whatever the server\n"
    "does, and counts from the time at which a message was due.\n"
    "\n"
    "  --mode MODE          echo; connect: each message on a connection of its own, closed after\n"
    "                       the echo; hold: open, print a line, wait for the end of standard\n"
    "                       input, exchange one more message each; bulk: send what fits, read\n"
    "                       what comes (echo)\n"
    "  --host ADDRESS       numeric address of the server (127.0.0.1)\n"
    "  --port N             its port\n"
    "  --udp                datagrams, of 8 to 65507 bytes; those that are lost are counted\n"
    "  --sink               the server answers nothing: messages count when they were sent;\n"
    "                       with --mode bulk\n"
    "  --connections N      connections with load (64)\n"
    "  --idle N             more connections that exchange one message, and are silent then (0)\n"
    "  --sources N          connect from 127.0.0.1 to 127.0.0.N in turn; 0: as the system says "
    "(0)\n"
    "  --size BYTES         bytes per message, to 16777216 (64)\n"
    "  --pipeline N         messages under way on each connection; with --mode echo (1)\n"
    "  --rate N             open loop: N messages per second over all connections\n"
    "  --read-rate BYTES    slow readers: each connection reads so many bytes per second\n"
    "  --warmup SECONDS     load before the measured window (0.5)\n"
    "  --seconds SECONDS    the measured window (2)\n"
    "  --stall SECONDS      give up after this long without an answer (5)\n"
    "  --lost SECONDS       a datagram without an answer for so long is lost (1)\n"
    "  --histogram          print the latencies as well: [value in ns, count] of each bucket\n"
    "  --server-pid PID     measure the CPU time and memory of this process\n"
    "  --server-cpu K       pin all threads of --server-pid to CPU K\n"
    "  --load-cpu K         pin the load generator to CPU K\n";

namespace {

struct NumberRule {
  const char* name;
  double min;
  double max;
  int* integer;  // exactly one of the two targets is set
  double* real;
};

bool ParseNumber(const NumberRule& rule, const char* text, std::string* problem) {
  char* end = nullptr;
  double value = std::strtod(text, &end);
  bool is_number = end != text && *end == '\0' && std::isfinite(value);
  bool is_whole = rule.integer == nullptr || value == std::floor(value);
  if (!is_number || !is_whole || value < rule.min || value > rule.max) {
    char range[64];
    snprintf(range, sizeof range, "%.10g to %.10g", rule.min, rule.max);
    *problem = std::string(rule.name) + " takes a " + (rule.integer ? "whole " : "") +
               "number from " + range + ", not '" + text + "'";
    return false;
  }
  if (rule.integer != nullptr) *rule.integer = static_cast<int>(value);
  if (rule.real != nullptr) *rule.real = value;
  return true;
}

struct ModeName {
  const char* name;
  Mode mode;
};

bool ParseMode(const char* text, Mode* mode, std::string* problem) {
  const ModeName names[] = {{"echo", Mode::kEcho},
                            {"connect", Mode::kConnect},
                            {"hold", Mode::kHold},
                            {"bulk", Mode::kBulk}};
  for (const ModeName& candidate : names) {
    if (strcmp(text, candidate.name) != 0) continue;
    *mode = candidate.mode;
    return true;
  }
  *problem = std::string("--mode takes echo, connect, hold or bulk, not '") + text + "'";
  return false;
}

struct Conflict {
  bool is_met;
  const char* text;
};

bool CheckTogether(const Options& options, std::string* problem) {
  bool is_echo = options.mode == Mode::kEcho;
  bool is_bulk = options.mode == Mode::kBulk;
  const Conflict conflicts[] = {
      {options.port == 0, "--port is required"},
      {options.server_cpu >= 0 && options.server_pid == 0, "--server-cpu needs --server-pid"},
      {options.sources > 0 && options.host.rfind("127.", 0) != 0,
       "--sources needs a --host of 127.0.0.0/8"},
      {options.pipeline > 1 && !is_echo, "--pipeline needs --mode echo"},
      {options.rate > 0 && !is_echo, "--rate needs --mode echo"},
      {options.rate > 0 && options.pipeline > 1, "--rate and --pipeline exclude each other"},
      {options.read_rate > 0 && !is_echo && !is_bulk, "--read-rate needs --mode echo or bulk"},
      {options.read_rate > 0 && options.is_udp, "--read-rate and --udp exclude each other"},
      {options.is_sink && !is_bulk, "--sink needs --mode bulk"},
      {options.is_sink && (options.idle > 0 || options.read_rate > 0),
       "--sink excludes --idle and --read-rate: both need answers"},
      {options.is_udp && options.mode == Mode::kConnect, "--udp has no --mode connect"},
      {options.is_udp && is_bulk && !options.is_sink, "--udp has --mode bulk with --sink only"},
      {options.is_udp && (options.size < 8 || options.size > 65507),
       "--udp takes a --size from 8 to 65507"},
  };
  for (const Conflict& conflict : conflicts) {
    if (!conflict.is_met) continue;
    *problem = conflict.text;
    return false;
  }
  return true;
}

// Handles an argument that has a value. Returns false and one line in `problem`.
bool ParsePair(const NumberRule* rules, size_t rule_count, const char* name, const char* value,
               Options* options, std::string* problem) {
  const NumberRule* end = rules + rule_count;
  const NumberRule* rule =
      std::find_if(rules, end, [&](const NumberRule& one) { return strcmp(one.name, name) == 0; });
  bool is_host = strcmp(name, "--host") == 0;
  bool is_mode = strcmp(name, "--mode") == 0;
  if (rule == end && !is_host && !is_mode) {
    *problem = std::string("unknown argument '") + name + "'";
  } else if (value == nullptr) {
    *problem = std::string(name) + " needs a value";
  } else if (is_host) {
    options->host = value;
  } else if (is_mode) {
    return ParseMode(value, &options->mode, problem);
  } else {
    return ParseNumber(*rule, value, problem);
  }
  return problem->empty();
}

// The switch of that name, or null.
bool* FindSwitch(const char* name, Options* options) {
  if (strcmp(name, "--help") == 0) return &options->wants_help;
  if (strcmp(name, "--udp") == 0) return &options->is_udp;
  if (strcmp(name, "--sink") == 0) return &options->is_sink;
  if (strcmp(name, "--histogram") == 0) return &options->wants_histogram;
  return nullptr;
}

}  // namespace

bool ParseOptions(int argc, char** argv, Options* options, std::string* problem) {
  const NumberRule rules[] = {
      {"--port", 1, 65535, &options->port, nullptr},
      {"--connections", 1, 1000000, &options->connections, nullptr},
      {"--idle", 0, 1000000, &options->idle, nullptr},
      {"--sources", 0, 254, &options->sources, nullptr},
      {"--size", 1, 16777216, &options->size, nullptr},
      {"--pipeline", 1, 65536, &options->pipeline, nullptr},
      {"--rate", 0.1, 10000000, nullptr, &options->rate},
      {"--read-rate", 1, 1e12, nullptr, &options->read_rate},
      {"--warmup", 0, 60, nullptr, &options->warmup_seconds},
      {"--seconds", 0.01, 600, nullptr, &options->seconds},
      {"--stall", 0.1, 60, nullptr, &options->stall_seconds},
      {"--lost", 0.01, 60, nullptr, &options->lost_seconds},
      {"--server-pid", 1, 2147483647, &options->server_pid, nullptr},
      {"--server-cpu", 0, 1023, &options->server_cpu, nullptr},
      {"--load-cpu", 0, 1023, &options->load_cpu, nullptr},
  };
  for (int i = 1; i < argc; ++i) {
    bool* is_on = FindSwitch(argv[i], options);
    if (is_on != nullptr) {
      *is_on = true;
      if (options->wants_help) return true;
      continue;
    }
    const char* value = i + 1 < argc ? argv[i + 1] : nullptr;
    if (!ParsePair(rules, std::size(rules), argv[i], value, options, problem)) return false;
    ++i;
  }
  return CheckTogether(*options, problem);
}

}  // namespace edgewise::load
