// The addon's table of contents: each *_wrap.cc adds its functions to `exports`.
// No libuv symbol is touched here, so that Bun and Deno can load the addon (loop_driver.cc).
#include "addon.h"

#include "args.h"

namespace edgewise {

void DefineFunctions(Napi::Object target, const Function* rows, size_t count, void* data) {
  for (size_t i = 0; i < count; i++) {
    napi_value function = nullptr;
    napi_create_function(target.Env(), rows[i].name, NAPI_AUTO_LENGTH, rows[i].callback, data,
                         &function);
    target.Set(rows[i].name, function);
  }
}

void ThrowNoPoller(Napi::Env env) {
  Napi::TypeError error = Napi::TypeError::New(env, "poller must be a NativePoller");
  error.Set("code", "ERR_INVALID_ARG_TYPE");
  error.ThrowAsJavaScriptException();
}

void ReportDefect(napi_env env) {
  napi_value error;
  if (napi_get_and_clear_last_exception(env, &error) == napi_ok) {
    napi_fatal_exception(env, error);
  }
}

Addon::Addon(Napi::Env, Napi::Object exports) {
  DefineAddon(exports, {});
  InitConstants(exports);
  InitSocket(exports);
  InitIo(exports);
  InitSource(exports);
  InitSocketFacts(exports);
  InitPinned(exports, &blocks);
  InitDatagram(exports);
  InitKernelQueue(exports);
  InitPoll(exports);
  InitCapabilities(exports);
  InitPoller(exports);
  InitWaker(exports);
  InitOwners(exports);
  InitSignals(exports);
  InitLoopDriver(exports);
  InitThreadDriver(exports);
}

NODE_API_NAMED_ADDON(edgewise, Addon)

}  // namespace edgewise
