// The addon's table of contents: each *_wrap.cc adds its functions to `exports`.
// No libuv symbol is touched here, so that Bun and Deno can load the addon (loop_driver.cc).
#include "addon.h"

#include <node_api.h>

namespace edgewise {
namespace {

napi_value Init(napi_env env, napi_value exports) {
  bool is_complete =
      InitConstants(env, exports) && InitSocket(env, exports) && InitIo(env, exports) &&
      InitSource(env, exports) && InitSocketFacts(env, exports) && InitPinned(env, exports) &&
      InitDatagram(env, exports) && InitKernelQueue(env, exports) && InitPoller(env, exports) &&
      InitWaker(env, exports) && InitSignal(env, exports) && InitLoopDriver(env, exports);
  return is_complete ? exports : nullptr;
}

}  // namespace
}  // namespace edgewise

NAPI_MODULE_INIT() { return edgewise::Init(env, exports); }
