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

napi_value TimerfdCreate(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  int clock, flags;
  if (!args.Fd(0, &clock) || !FlagsAt(args, 1, &flags)) return Refuse(env);
  return Number(env, OwnByThread(sys::TimerfdCreate(clock, flags)));
}

napi_value TimerfdSettime(napi_env env, napi_callback_info info) {
  Args<4> args(env, info);
  int fd, flags;
  int64_t first_ns, interval_ns;
  if (!args.Fd(0, &fd) || !FlagsAt(args, 1, &flags) || !TimeAt(args, 2, &first_ns) ||
      !TimeAt(args, 3, &interval_ns)) {
    return Refuse(env);
  }
  return Number(env, sys::TimerfdSettime(fd, flags, first_ns, interval_ns));
}

napi_value InotifyInit1(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  int flags;
  if (!FlagsAt(args, 0, &flags)) return Refuse(env);
  return Number(env, OwnByThread(sys::InotifyInit1(flags)));
}

// The path is bytes without a zero among them.
napi_value InotifyAddWatch(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  int fd;
  Bytes path;
  uint32_t mask;
  char text[PATH_MAX];
  if (!args.Fd(0, &fd) || !Args<3>::WholeBytes(env, args[1], &path) || !args.Uint32(2, &mask)) {
    return Refuse(env);
  }
  if (path.length >= sizeof text) return Number(env, -ENAMETOOLONG);
  if (path.length > 0) memcpy(text, path.data, path.length);
  text[path.length] = '\0';
  if (strlen(text) != path.length) return Refuse(env);
  return Number(env, sys::InotifyAddWatch(fd, text, mask));
}

napi_value InotifyRmWatch(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  int fd, watch;
  if (!args.Fd(0, &fd) || !args.Int32(1, &watch)) return Refuse(env);
  return Number(env, sys::InotifyRmWatch(fd, watch));
}

napi_value PidfdOpen(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  int pid, flags;
  if (!args.Fd(0, &pid) || !FlagsAt(args, 1, &flags)) return Refuse(env);
  return Number(env, OwnByThread(sys::PidfdOpen(pid, static_cast<unsigned>(flags))));
}

napi_value PidfdSendSignal(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  int pidfd, signum, flags;
  if (!args.Fd(0, &pidfd) || !args.Fd(1, &signum) || !FlagsAt(args, 2, &flags)) return Refuse(env);
  return Number(env, sys::PidfdSendSignal(pidfd, signum, static_cast<unsigned>(flags)));
}

napi_value Reopen(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  int fd, flags;
  if (!args.Fd(0, &fd) || !FlagsAt(args, 1, &flags)) return Refuse(env);
  return Number(env, OwnByThread(sys::Reopen(fd, flags)));
}

napi_value IsATty(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  int fd;
  if (!args.Fd(0, &fd)) return Refuse(env);
  return Number(env, sys::IsATty(fd));
}

// The bytes of a Termios (src/sys/terminal.ts), which need not be aligned.
template <size_t kCount>
bool TermiosAt(napi_env env, const Args<kCount>& args, size_t index, Bytes* out) {
  return Args<kCount>::WholeBytes(env, args[index], out) && out->length == sizeof(termios);
}

napi_value TcGetAttr(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  int fd;
  Bytes into;
  if (!args.Fd(0, &fd) || !TermiosAt(env, args, 1, &into)) return Refuse(env);
  termios attributes{};
  int result = sys::TcGetAttr(fd, &attributes);
  if (result >= 0) memcpy(into.data, &attributes, sizeof attributes);
  return Number(env, result);
}

napi_value TcSetAttr(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  int fd, action;
  Bytes bytes;
  if (!args.Fd(0, &fd) || !args.Fd(1, &action) || !TermiosAt(env, args, 2, &bytes)) {
    return Refuse(env);
  }
  termios attributes;
  memcpy(&attributes, bytes.data, sizeof attributes);
  return Number(env, sys::TcSetAttr(fd, action, attributes));
}

napi_value CfMakeRaw(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  Bytes bytes;
  if (!TermiosAt(env, args, 0, &bytes)) return Refuse(env);
  termios attributes;
  memcpy(&attributes, bytes.data, sizeof attributes);
  int result = sys::CfMakeRaw(&attributes);
  memcpy(bytes.data, &attributes, sizeof attributes);
  return Number(env, result);
}

napi_value OpenProcess(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  int pid;
  if (!args.Fd(0, &pid)) return Refuse(env);
  return Number(env, OwnByThread(process::Open(pid)));
}

// (fd, into): the state; `into[0]` becomes the status as waitpid(2) gives it.
napi_value StatusOfProcess(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  int fd;
  int32_t* into;
  size_t count;
  if (!args.Fd(0, &fd) || !Int32sOf(env, args[1], 1, &into, &count)) return Refuse(env);
  return Number(env, process::StatusOf(fd, into));
}

napi_value SignalProcess(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  int fd, pid, signum;
  if (!args.Fd(0, &fd) || !args.Fd(1, &pid) || !args.Fd(2, &signum)) return Refuse(env);
  return Number(env, process::Signal(fd, pid, signum));
}

constexpr Method kMethods[] = {
    {"timerfd_create", TimerfdCreate},
    {"timerfd_settime", TimerfdSettime},
    {"inotify_init1", InotifyInit1},
    {"inotify_add_watch", InotifyAddWatch},
    {"inotify_rm_watch", InotifyRmWatch},
    {"pidfd_open", PidfdOpen},
    {"pidfd_send_signal", PidfdSendSignal},
    {"reopen", Reopen},
    {"isatty", IsATty},
    {"tcgetattr", TcGetAttr},
    {"tcsetattr", TcSetAttr},
    {"cfmakeraw", CfMakeRaw},
    {"openProcess", OpenProcess},
    {"statusOfProcess", StatusOfProcess},
    {"signalProcess", SignalProcess},
};

}  // namespace

bool InitSource(napi_env env, napi_value exports) {
  return DefineMethods(env, exports, kMethods) &&
         napi_set_named_property(env, exports, "termiosSize",
                                 Number(env, static_cast<double>(sizeof(termios)))) == napi_ok;
}

}  // namespace edgewise
