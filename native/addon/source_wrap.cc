// The calls that make sources of other things than bytes, and those on terminals and processes, for
// JavaScript: arguments in, one number out. No decisions here. Types: src/native.ts.
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "addon.h"
#include "arrays.h"
#include "clock.h"
#include "descriptor_owners.h"
#include "process_watch.h"
#include "source_ops.h"
#include "terminal_ops.h"

namespace edgewise {
namespace {

constexpr double kTimeMaxMs = 9e12;  // some 285 years: the nanoseconds of it fit into 64 bits

// Milliseconds from 0, fractions honoured and rounded up to a nanosecond.
bool TimeAt(const Args<4>& args, size_t index, int64_t* out_ns) {
  double ms;
  if (!args.Double(index, &ms) || !(ms >= 0 && ms <= kTimeMaxMs)) return false;
  double whole = std::floor(ms);
  double fraction_ns = std::ceil((ms - whole) * static_cast<double>(kNsPerMs));
  *out_ns = static_cast<int64_t>(whole) * kNsPerMs + static_cast<int64_t>(fraction_ns);
  return true;
}

int TimerfdCreate(const Args<2>& args) {
  int clock, flags;
  if (!args.Fd(0, &clock) || !FlagsAt(args, 1, &flags)) return kRefused;
  return OwnByThread(sys::TimerfdCreate(clock, flags));
}

int TimerfdSettime(const Args<4>& args) {
  int fd, flags;
  int64_t first_ns, interval_ns;
  if (!args.Fd(0, &fd) || !FlagsAt(args, 1, &flags) || !TimeAt(args, 2, &first_ns) ||
      !TimeAt(args, 3, &interval_ns)) {
    return kRefused;
  }
  return sys::TimerfdSettime(fd, flags, first_ns, interval_ns);
}

int InotifyInit1(const Args<1>& args) {
  int flags;
  if (!FlagsAt(args, 0, &flags)) return kRefused;
  return OwnByThread(sys::InotifyInit1(flags));
}

// The path is bytes without a zero among them.
int InotifyAddWatch(const Args<3>& args) {
  int fd;
  Bytes path;
  uint32_t mask;
  char text[PATH_MAX];
  if (!args.Fd(0, &fd) || !args.WholeBytes(1, &path) || !args.Uint32(2, &mask)) {
    return kRefused;
  }
  if (path.length >= sizeof text) return -ENAMETOOLONG;
  if (path.length > 0) memcpy(text, path.data, path.length);
  text[path.length] = '\0';
  if (strlen(text) != path.length) return kRefused;
  return sys::InotifyAddWatch(fd, text, mask);
}

int InotifyRmWatch(const Args<2>& args) {
  int fd, watch;
  if (!args.Fd(0, &fd) || !args.Int32(1, &watch)) return kRefused;
  return sys::InotifyRmWatch(fd, watch);
}

int PidfdOpen(const Args<2>& args) {
  int pid, flags;
  if (!args.Fd(0, &pid) || !FlagsAt(args, 1, &flags)) return kRefused;
  return OwnByThread(sys::PidfdOpen(pid, static_cast<unsigned>(flags)));
}

int PidfdSendSignal(const Args<3>& args) {
  int pidfd, signum, flags;
  if (!args.Fd(0, &pidfd) || !args.Fd(1, &signum) || !FlagsAt(args, 2, &flags)) return kRefused;
  return sys::PidfdSendSignal(pidfd, signum, static_cast<unsigned>(flags));
}

int Reopen(const Args<2>& args) {
  int fd, flags;
  if (!args.Fd(0, &fd) || !FlagsAt(args, 1, &flags)) return kRefused;
  return OwnByThread(sys::Reopen(fd, flags));
}

int IsATty(const Args<1>& args) {
  int fd;
  if (!args.Fd(0, &fd)) return kRefused;
  return sys::IsATty(fd);
}

// The bytes of a Termios (src/sys/terminal.ts), which need not be aligned.
template <size_t kCount>
bool TermiosAt(const Args<kCount>& args, size_t index, Bytes* out) {
  return args.WholeBytes(index, out) && out->length == sizeof(termios);
}

int TcGetAttr(const Args<2>& args) {
  int fd;
  Bytes into;
  if (!args.Fd(0, &fd) || !TermiosAt(args, 1, &into)) return kRefused;
  termios attributes{};
  int result = sys::TcGetAttr(fd, &attributes);
  if (result >= 0) memcpy(into.data, &attributes, sizeof attributes);
  return result;
}

int TcSetAttr(const Args<3>& args) {
  int fd, action;
  Bytes bytes;
  if (!args.Fd(0, &fd) || !args.Fd(1, &action) || !TermiosAt(args, 2, &bytes)) {
    return kRefused;
  }
  termios attributes;
  memcpy(&attributes, bytes.data, sizeof attributes);
  return sys::TcSetAttr(fd, action, attributes);
}

int CfMakeRaw(const Args<1>& args) {
  Bytes bytes;
  if (!TermiosAt(args, 0, &bytes)) return kRefused;
  termios attributes;
  memcpy(&attributes, bytes.data, sizeof attributes);
  int result = sys::CfMakeRaw(&attributes);
  memcpy(bytes.data, &attributes, sizeof attributes);
  return result;
}

int OpenProcess(const Args<1>& args) {
  int pid;
  if (!args.Fd(0, &pid)) return kRefused;
  return OwnByThread(process::Open(pid));
}

// (fd, into): the state; `into[0]` becomes the status as waitpid(2) gives it.
int StatusOfProcess(const Args<2>& args) {
  int fd;
  int32_t* into;
  size_t count;
  if (!args.Fd(0, &fd) || !Int32sAt(args, 1, 1, &into, &count)) return kRefused;
  return process::StatusOf(fd, into);
}

int SignalProcess(const Args<3>& args) {
  int fd, pid, signum;
  if (!args.Fd(0, &fd) || !args.Fd(1, &pid) || !args.Fd(2, &signum)) return kRefused;
  return process::Signal(fd, pid, signum);
}

constexpr Function kFunctions[] = {
    {"timerfd_create", Call<TimerfdCreate>},
    {"timerfd_settime", Call<TimerfdSettime>},
    {"inotify_init1", Call<InotifyInit1>},
    {"inotify_add_watch", Call<InotifyAddWatch>},
    {"inotify_rm_watch", Call<InotifyRmWatch>},
    {"pidfd_open", Call<PidfdOpen>},
    {"pidfd_send_signal", Call<PidfdSendSignal>},
    {"reopen", Call<Reopen>},
    {"isatty", Call<IsATty>},
    {"tcgetattr", Call<TcGetAttr>},
    {"tcsetattr", Call<TcSetAttr>},
    {"cfmakeraw", Call<CfMakeRaw>},
    {"openProcess", Call<OpenProcess>},
    {"statusOfProcess", Call<StatusOfProcess>},
    {"signalProcess", Call<SignalProcess>},
};

}  // namespace

void InitSource(Napi::Object exports) {
  DefineFunctions(exports, kFunctions);
  exports.Set("termiosSize", static_cast<double>(sizeof(termios)));
}

}  // namespace edgewise
