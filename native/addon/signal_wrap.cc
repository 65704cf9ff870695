#include "addon.h"

namespace edgewise {
bool InitSignal(napi_env env, napi_value exports) { return true; }
}  // namespace edgewise
