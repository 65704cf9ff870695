// SignalWatch for JavaScript: an opaque handle with functions over it.
#include "addon.h"
#include "args.h"
#include "signal_watch.h"

namespace edgewise {
namespace {

constexpr napi_type_tag kSignalTag = {0x6564676577697365, 0x7369676e616c0001};

// Where the pointer stands, so that closing can clear it before the handle is collected.
struct SignalHandle {
  SignalWatch* watch;
};

SignalHandle* HandleAt(napi_env env, napi_value value) {
  bool is_signal = false;
  void* handle = nullptr;
  if (napi_check_object_type_tag(env, value, &kSignalTag, &is_signal) != napi_ok || !is_signal ||
      napi_unwrap(env, value, &handle) != napi_ok) {
    return nullptr;
  }
  return static_cast<SignalHandle*>(handle);
}

SignalWatch* WatchAt(napi_env env, napi_value value) {
  SignalHandle* handle = HandleAt(env, value);
  return handle == nullptr ? nullptr : handle->watch;
}

// openSignals(): a handle, or -errno.
napi_value Open(napi_env env, napi_callback_info info) {
  auto* watch = new SignalWatch();
  int result = watch->Open();
  if (result < 0) {
    delete watch;
    return Number(env, result);
  }
  auto* handle = new SignalHandle{watch};
  auto finalize = [](napi_env, void* data, void*) {
    delete static_cast<SignalHandle*>(data)->watch;
    delete static_cast<SignalHandle*>(data);
  };
  napi_value object;
  napi_create_object(env, &object);
  if (napi_wrap(env, object, handle, finalize, nullptr, nullptr) != napi_ok) {
    finalize(env, handle, nullptr);
    return nullptr;
  }
  napi_type_tag_object(env, object, &kSignalTag);
  return object;
}

// signalFd(handle): the descriptor to watch.
napi_value Fd(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  SignalWatch* watch = WatchAt(env, args[0]);
  return watch == nullptr ? Refuse(env) : Number(env, watch->fd());
}

// addSignal(handle, signum): 0 or -errno.
napi_value Add(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  SignalWatch* watch = WatchAt(env, args[0]);
  int signum;
  if (watch == nullptr || !args.Int32(1, &signum)) return Refuse(env);
  return Number(env, watch->Add(signum));
}

// removeSignal(handle, signum): 0 or -errno.
napi_value Remove(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  SignalWatch* watch = WatchAt(env, args[0]);
  int signum;
  if (watch == nullptr || !args.Int32(1, &signum)) return Refuse(env);
  return Number(env, watch->Remove(signum));
}

// takeSignals(handle, into: Uint8Array of 8): the pending set, little-endian; 0 or REFUSED.
napi_value Take(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  SignalWatch* watch = WatchAt(env, args[0]);
  Bytes into;
  if (watch == nullptr || !Args<2>::WholeBytes(env, args[1], &into) || into.length < 8) {
    return Refuse(env);
  }
  uint64_t pending = watch->Take();
  for (int i = 0; i < 8; i++) into.data[i] = static_cast<uint8_t>(pending >> (8 * i));
  return Number(env, 0);
}

// reassertSignal(signum): 0 or -errno.
napi_value Reassert(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  int signum;
  if (!args.Int32(0, &signum)) return Refuse(env);
  return Number(env, SignalWatch::Reassert(signum));
}

// closeSignals(handle)
napi_value Close(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  SignalHandle* handle = HandleAt(env, args[0]);
  if (handle == nullptr) return Refuse(env);
  delete handle->watch;
  handle->watch = nullptr;
  return Number(env, 0);
}

}  // namespace

bool InitSignal(napi_env env, napi_value exports) {
  const Method methods[] = {{"openSignals", Open},  {"signalFd", Fd},
                            {"addSignal", Add},     {"removeSignal", Remove},
                            {"takeSignals", Take},  {"reassertSignal", Reassert},
                            {"closeSignals", Close}};
  return DefineMethods(env, exports, methods);
}

}  // namespace edgewise
