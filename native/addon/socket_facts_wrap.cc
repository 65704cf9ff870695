// What the kernel knows about a connected socket, for JavaScript: fills the memory of a
// Float64Array. No decisions here. Types and documentation: src/native.ts, src/sys/.
#include "socket_facts.h"

#include "addon.h"
#include "args.h"

namespace edgewise {
namespace {

// `(fd, bytes)`, where the bytes are the memory of at least kFigureCount doubles.
template <int (*kRead)(int, double*), size_t kFigureCount>
int Read(const Args<2>& args) {
  int fd;
  Bytes memory;
  if (!args.Fd(0, &fd) || !args.WholeBytes(1, &memory) ||
      memory.length < kFigureCount * sizeof(double) ||
      reinterpret_cast<uintptr_t>(memory.data) % alignof(double) != 0) {
    return kRefused;
  }
  return kRead(fd, reinterpret_cast<double*>(memory.data));
}

constexpr Function kFunctions[] = {
    {"tcpInfo", Call<Read<sys::TcpInfo, sys::kTcpFigureCount>>},
    {"peerCredentials", Call<Read<sys::PeerCredentials, sys::kCredentialCount>>},
};

}  // namespace

void InitSocketFacts(Napi::Object exports) { DefineFunctions(exports, kFunctions); }

}  // namespace edgewise
