// `constants`: the numbers of the system's headers, by name. Nothing in TypeScript retypes one.
// The rows are in constants/*.inc, which scripts/generate-constants.mjs reads as well; a name that
// this system lacks is no row. Numbers cross as
// doubles, with the sign that the header gives them: EPOLLET is 2147483648, EVFILT_READ is -1.
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <termios.h>
#include <time.h>

#include "constants/system.h"

#include "addon.h"
#include "socket_ops.h"

namespace edgewise {
namespace {

struct Constant {
  const char* name;
  double value;
};

#define NAMED_ROW(name, value) {#name, static_cast<double>(value)},
#define ROW(name) {#name, static_cast<double>(name)},
constexpr Constant kConstants[] = {
#include "constants/errors.inc"
#include "constants/events.inc"
#include "constants/files.inc"
#include "constants/protocols.inc"
#include "constants/sockets.inc"
#include "constants/sources.inc"
};
#undef ROW
#undef NAMED_ROW

}  // namespace

void InitConstants(Napi::Object exports) {
  Napi::Object constants = Napi::Object::New(exports.Env());
  for (const Constant& constant : kConstants) constants.Set(constant.name, constant.value);
  constants.Freeze();
  exports.Set("constants", constants);
}

}  // namespace edgewise
