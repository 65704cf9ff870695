#include "addon.h"

namespace edgewise {
bool InitDatagram(napi_env env, napi_value exports) { return true; }
}  // namespace edgewise
