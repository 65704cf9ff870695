#include "addon.h"

namespace edgewise {
bool InitSocket(napi_env env, napi_value exports) { return true; }
}  // namespace edgewise
