// The conversion of addresses, which socket_wrap.cc adds to `exports` with its own functions.
#pragma once

#include <napi.h>

namespace edgewise {

void InitAddress(Napi::Object exports);  // address_wrap.cc

}  // namespace edgewise
