// What the kernel knows about a connected socket, for JavaScript: fills the memory of a
// Float64Array. No decisions here. Types and documentation: src/native.ts, src/sys/.
#include "socket_facts.h"

#include "addon.h"
#include "args.h"

namespace edgewise {
namespace {

// `(fd, bytes)`, where the bytes are the memory of at least kFigureCount doubles.
template <int (*kRead)(int, double*), size_t kFigureCount>
napi_value Read(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  int fd;
  Bytes memory;
  if (!args.Fd(0, &fd) || !Args<2>::WholeBytes(env, args[1], &memory) ||
      memory.length < kFigureCount * sizeof(double) ||
      reinterpret_cast<uintptr_t>(memory.data) % alignof(double) != 0) {
    return Refuse(env);
  }
  return Number(env, kRead(fd, reinterpret_cast<double*>(memory.data)));
}

constexpr Method kMethods[] = {
    {"tcpInfo", Read<sys::TcpInfo, sys::kTcpFigureCount>},
    {"peerCredentials", Read<sys::PeerCredentials, sys::kCredentialCount>},
};

}  // namespace

bool InitSocketFacts(napi_env env, napi_value exports) {
  return DefineMethods(env, exports, kMethods);
}

}  // namespace edgewise
