// The owners of descriptors (descriptor_owners.h) and the steering of ports for JavaScript.
#include "addon.h"
#include "args.h"
#include "descriptor_owners.h"
#include "port_steering.h"

namespace edgewise {
namespace {

// openOwner(): the number of this thread as an owner. What it owns is closed when its environment
// ends, in whatever way: by itself, by process.exit() or by worker.terminate().
napi_value Open(napi_env env, napi_callback_info info) {
  bool is_new;
  OwnerId id = OpenOwner(&is_new);
  auto close = [](void*) { CloseOwner(); };
  if (is_new) napi_add_env_cleanup_hook(env, close, nullptr);
  return Number(env, static_cast<double>(id));
}

// giveDescriptor(fd, owner), takeDescriptor(fd, owner): 0 or -errno.
napi_value Give(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  int fd;
  int64_t owner;
  if (!args.Fd(0, &fd) || !args.Offset(1, &owner)) return Refuse(env);
  return Number(env, GiveDescriptor(fd, static_cast<OwnerId>(owner)));
}

napi_value Take(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  int fd;
  int64_t owner;
  if (!args.Fd(0, &fd) || !args.Offset(1, &owner)) return Refuse(env);
  return Number(env, TakeDescriptor(fd, static_cast<OwnerId>(owner)));
}

// steerByCpu(fd, count): 0 or -errno.
napi_value Steer(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  int fd, count;
  if (!args.Fd(0, &fd) || !args.Fd(1, &count) || count == 0) return Refuse(env);
  return Number(env, sys::SteerByCpu(fd, count));
}

}  // namespace

bool InitOwners(napi_env env, napi_value exports) {
  const Method methods[] = {{"openOwner", Open},
                            {"giveDescriptor", Give},
                            {"takeDescriptor", Take},
                            {"steerByCpu", Steer}};
  return DefineMethods(env, exports, methods);
}

}  // namespace edgewise
