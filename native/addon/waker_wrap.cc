// The wakers of waker_registry.h for JavaScript. A waker is a number, so that it can be sent to
// another thread by value.
#include "addon.h"
#include "args.h"
#include "poller_wrap.h"
#include "waker_registry.h"

namespace edgewise {
namespace {

bool WakerAt(const Args<1>& args, WakerId* out) {
  int64_t id;
  if (!args.Offset(0, &id)) return false;
  *out = static_cast<WakerId>(id);
  return true;
}

// createWaker(poller): its number.
napi_value Create(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  PollerWrap* wrap = PollerWrap::From(env, args[0]);
  if (wrap == nullptr || !wrap->is_open()) return Refuse(env);
  return Number(env, static_cast<double>(CreateWaker(wrap->poller())));
}

// takeWaker(id): 1 when it was woken since the last call, else 0.
napi_value Take(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  WakerId id;
  if (!WakerAt(args, &id)) return Refuse(env);
  return Number(env, TakeWaker(id) ? 1 : 0);
}

// wake(id): 1, 0 (a wake-up is pending already) or -errno.
napi_value WakeById(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  WakerId id;
  if (!WakerAt(args, &id)) return Refuse(env);
  return Number(env, Wake(id));
}

// closeWaker(id)
napi_value CloseById(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  WakerId id;
  if (!WakerAt(args, &id)) return Refuse(env);
  CloseWaker(id);
  return Number(env, 0);
}

}  // namespace

bool InitWaker(napi_env env, napi_value exports) {
  const Method methods[] = {
      {"createWaker", Create}, {"takeWaker", Take}, {"wake", WakeById}, {"closeWaker", CloseById}};
  return DefineMethods(env, exports, methods);
}

}  // namespace edgewise
