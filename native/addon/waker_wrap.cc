#include "addon.h"

namespace edgewise {
bool InitWaker(napi_env env, napi_value exports) { return true; }
}  // namespace edgewise
