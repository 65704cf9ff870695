#include "options.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace edgewise::load {

const char kUsage[] =
    "usage: edgewise-load --port N [options]\n"
    "\n"
    "Drives an echo server: every connection sends one message, waits for its echo, checks it,\n"
    "and sends the next. Prints one JSON object.\n"
    "\n"
    "  --mode MODE          echo; connect: each message on a connection of its own, closed after\n"
    "                       the echo; hold: open, print a line, wait for the end of standard\n"
    "                       input, exchange one more message each (echo)\n"
    "  --host ADDRESS       numeric address of the server (127.0.0.1)\n"
    "  --port N             its port\n"
    "  --connections N      connections, each with one message under way (64)\n"
    "  --sources N          connect from 127.0.0.1 to 127.0.0.N in turn; 0: as the system says "
    "(0)\n"
    "  --size BYTES         bytes per message, to 16777216 (64)\n"
    "  --warmup SECONDS     load before the measured window (0.5)\n"
    "  --seconds SECONDS    the measured window (2)\n"
    "  --stall SECONDS      give up after this long without an answer (5)\n"
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

bool ParseMode(const char* text, Mode* mode, std::string* problem) {
  if (strcmp(text, "echo") == 0) {
    *mode = Mode::kEcho;
  } else if (strcmp(text, "connect") == 0) {
    *mode = Mode::kConnect;
  } else if (strcmp(text, "hold") == 0) {
    *mode = Mode::kHold;
  } else {
    *problem = std::string("--mode takes echo, connect or hold, not '") + text + "'";
  }
  return problem->empty();
}

bool CheckTogether(const Options& options, std::string* problem) {
  if (options.port == 0) {
    *problem = "--port is required";
  } else if (options.server_cpu >= 0 && options.server_pid == 0) {
    *problem = "--server-cpu needs --server-pid";
  } else if (options.sources > 0 && options.host.rfind("127.", 0) != 0) {
    *problem = "--sources needs a --host of 127.0.0.0/8";
  }
  return problem->empty();
}

}  // namespace

bool ParseOptions(int argc, char** argv, Options* options, std::string* problem) {
  const NumberRule rules[] = {
      {"--port", 1, 65535, &options->port, nullptr},
      {"--connections", 1, 1000000, &options->connections, nullptr},
      {"--sources", 0, 254, &options->sources, nullptr},
      {"--size", 1, 16777216, &options->size, nullptr},
      {"--warmup", 0, 60, nullptr, &options->warmup_seconds},
      {"--seconds", 0.01, 600, nullptr, &options->seconds},
      {"--stall", 0.1, 60, nullptr, &options->stall_seconds},
      {"--server-pid", 1, 2147483647, &options->server_pid, nullptr},
      {"--server-cpu", 0, 1023, &options->server_cpu, nullptr},
      {"--load-cpu", 0, 1023, &options->load_cpu, nullptr},
  };
  for (int i = 1; i < argc; i += 2) {
    const char* name = argv[i];
    if (strcmp(name, "--help") == 0) {
      options->wants_help = true;
      return true;
    }
    const NumberRule* rule = nullptr;
    for (const NumberRule& candidate : rules) {
      if (strcmp(candidate.name, name) == 0) rule = &candidate;
    }
    bool is_host = strcmp(name, "--host") == 0;
    bool is_mode = strcmp(name, "--mode") == 0;
    if (rule == nullptr && !is_host && !is_mode) {
      *problem = std::string("unknown argument '") + name + "'";
      return false;
    }
    if (i + 1 >= argc) {
      *problem = std::string(name) + " needs a value";
      return false;
    }
    if (is_host) options->host = argv[i + 1];
    if (is_mode && !ParseMode(argv[i + 1], &options->mode, problem)) return false;
    if (rule != nullptr && !ParseNumber(*rule, argv[i + 1], problem)) return false;
  }
  return CheckTogether(*options, problem);
}

}  // namespace edgewise::load
