// `constants`: the numbers of the system's headers, by name. Nothing in TypeScript retypes one.
// The rows stand in constants/*.inc; a name that this system lacks is no row. Numbers cross as
// doubles, with the sign that the header gives them: EPOLLET is 2147483648, EVFILT_READ is -1.
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <termios.h>
#include <time.h>

#include "constants/system.h"

#include "addon.h"
#include "args.h"
#include "socket_ops.h"

namespace edgewise {
namespace {

struct Constant {
  const char* name;
  double value;
};

#define ROW(name) {#name, static_cast<double>(name)},
constexpr Constant kConstants[] = {
    {"SOCK_NONBLOCK", sys::kSockNonblock},
    {"SOCK_CLOEXEC", sys::kSockCloexec},
#include "constants/errors.inc"
#include "constants/events.inc"
#include "constants/files.inc"
#include "constants/protocols.inc"
#include "constants/sockets.inc"
#include "constants/sources.inc"
};
#undef ROW

}  // namespace

bool InitConstants(napi_env env, napi_value exports) {
  napi_value constants;
  if (napi_create_object(env, &constants) != napi_ok) return false;
  for (const Constant& constant : kConstants) {
    if (napi_set_named_property(env, constants, constant.name, Number(env, constant.value)) !=
        napi_ok) {
      return false;
    }
  }
  return napi_object_freeze(env, constants) == napi_ok &&
         napi_set_named_property(env, exports, "constants", constants) == napi_ok;
}

}  // namespace edgewise
