// The conversion of addresses, which socket_wrap.cc adds to `exports` with its own functions.
#pragma once

#include <node_api.h>

namespace edgewise {

bool InitAddress(napi_env env, napi_value exports);  // address_wrap.cc

}  // namespace edgewise
