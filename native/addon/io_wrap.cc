#include "addon.h"

namespace edgewise {
bool InitIo(napi_env env, napi_value exports) { return true; }
}  // namespace edgewise
