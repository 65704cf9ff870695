#include "addon.h"

namespace edgewise {
bool InitKernelQueue(napi_env env, napi_value exports) { return true; }
}  // namespace edgewise
