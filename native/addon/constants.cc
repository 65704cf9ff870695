#include "addon.h"

namespace edgewise {
bool InitConstants(napi_env env, napi_value exports) { return true; }
}  // namespace edgewise
