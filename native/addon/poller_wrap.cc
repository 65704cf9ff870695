#include "addon.h"

namespace edgewise {
bool InitPoller(napi_env env, napi_value exports) { return true; }
}  // namespace edgewise
