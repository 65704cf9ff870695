// The wakers of waker_registry.h for JavaScript. A waker is a number, so that it can be sent to
// another thread by value.
#include "addon.h"
#include "args.h"
#include "poller_wrap.h"
#include "waker_registry.h"

namespace edgewise {
namespace {

bool WakerAt(const Args<1>& args, WakerId* out) {
  int64_t id;
  if (!args.Offset(0, &id)) return false;
  *out = static_cast<WakerId>(id);
  return true;
}

// createWaker(poller): its number.
double Create(const Args<1>& args) {
  PollerWrap* wrap = PollerWrap::From(args[0]);
  if (wrap == nullptr || !wrap->is_open()) return kRefused;
  return static_cast<double>(CreateWaker(wrap->poller()));
}

// takeWaker(id): 1 when it was woken since the last call, else 0.
int Take(const Args<1>& args) {
  WakerId id;
  if (!WakerAt(args, &id)) return kRefused;
  return TakeWaker(id) ? 1 : 0;
}

// wake(id): 1, 0 (a wake-up is pending already) or -errno.
int WakeById(const Args<1>& args) {
  WakerId id;
  if (!WakerAt(args, &id)) return kRefused;
  return Wake(id);
}

// closeWaker(id)
int CloseById(const Args<1>& args) {
  WakerId id;
  if (!WakerAt(args, &id)) return kRefused;
  CloseWaker(id);
  return 0;
}

}  // namespace

void InitWaker(Napi::Object exports) {
  constexpr Function functions[] = {{"createWaker", Call<Create>},
                                    {"takeWaker", Call<Take>},
                                    {"wake", Call<WakeById>},
                                    {"closeWaker", Call<CloseById>}};
  DefineFunctions(exports, functions);
}

}  // namespace edgewise
