// What this system has, and what each of its back-ends can do (platform.h), for JavaScript.
#include "addon.h"
#include "args.h"
#include "platform.h"
#include "poller.h"

namespace edgewise {
namespace {

template <size_t kCount>
Napi::Array ArrayOf(Napi::Env env, const double (&numbers)[kCount]) {
  Napi::Array array = Napi::Array::New(env, kCount);
  for (uint32_t i = 0; i < kCount; i++) array.Set(i, numbers[i]);
  return array;
}

// platformFacts(): available back-ends (one bit each), the preferred one, nanosecond waits (0, 1).
Napi::Value PlatformFacts(const Args<0>& args) {
  auto preferred = static_cast<uint32_t>(PreferredBackend());
  return ArrayOf(args.env(),
                 {double(AvailableBackends()), double(preferred), double(HasNanosecondWait())});
}

// capabilities(backend): triggers (one bit each), interests (bits), exclusive (0, 1), has a
// descriptor (0, 1), limit of descriptor numbers (0: none), busy polling (0, 1); or -errno.
Napi::Value CapabilitiesOf(const Args<1>& args) {
  uint32_t backend;
  if (!args.Uint32(0, &backend)) return Napi::Number::New(args.env(), kRefused);
  int error = 0;
  std::unique_ptr<Poller> poller = CreatePoller(static_cast<Backend>(backend), &error);
  if (poller == nullptr) return Napi::Number::New(args.env(), error);
  Capabilities have = poller->capabilities();
  return ArrayOf(args.env(),
                 {double(have.triggers), double(have.interests), double(have.exclusive),
                  double(have.has_descriptor), double(have.fd_limit), double(have.busy_poll)});
}

}  // namespace

void InitCapabilities(Napi::Object exports) {
  constexpr Function functions[] = {{"platformFacts", Call<PlatformFacts>},
                                    {"capabilities", Call<CapabilitiesOf>}};
  DefineFunctions(exports, functions);
}

}  // namespace edgewise
