#include "addon.h"

namespace edgewise {
bool InitLoopDriver(napi_env env, napi_value exports) { return true; }
}  // namespace edgewise
