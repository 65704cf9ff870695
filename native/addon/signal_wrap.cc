// SignalWatch for JavaScript: the class NativeSignals of src/native.ts.
#include <memory>

#include "addon.h"
#include "args.h"
#include "signal_watch.h"

namespace edgewise {
namespace {

class SignalsWrap : public Napi::ObjectWrap<SignalsWrap> {
 public:
  static constexpr napi_type_tag kTag = {0x6564676577697365, 0x7369676e616c0001};

  static Napi::Function Define(Napi::Env env);

  explicit SignalsWrap(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    info.This().As<Napi::Object>().TypeTag(&kTag);
  }

  std::unique_ptr<SignalWatch> watch;  // null: not open
};

// The receiver of a method, when it is open, or null.
template <size_t kCount>
SignalWatch* WatchOf(const Args<kCount>& args) {
  auto* wrap = Wrapped<SignalsWrap>(args.receiver());
  return wrap == nullptr ? nullptr : wrap->watch.get();
}

// open(): 0 or -errno.
int Open(const Args<1>& args) {
  auto* wrap = Wrapped<SignalsWrap>(args.receiver());
  if (wrap == nullptr || wrap->watch != nullptr) return kRefused;
  auto watch = std::make_unique<SignalWatch>();
  int result = watch->Open();
  if (result >= 0) wrap->watch = std::move(watch);
  return result;
}

// descriptor(): the descriptor to watch.
int Descriptor(const Args<1>& args) {
  SignalWatch* watch = WatchOf(args);
  return watch == nullptr ? kRefused : watch->fd();
}

// add(signum): 0 or -errno.
int Add(const Args<1>& args) {
  SignalWatch* watch = WatchOf(args);
  int signum;
  if (watch == nullptr || !args.Int32(0, &signum)) return kRefused;
  return watch->Add(signum);
}

// remove(signum): 0 or -errno.
int Remove(const Args<1>& args) {
  SignalWatch* watch = WatchOf(args);
  int signum;
  if (watch == nullptr || !args.Int32(0, &signum)) return kRefused;
  return watch->Remove(signum);
}

// take(into: Uint8Array of 8): the pending set, little-endian; 0 or REFUSED.
int Take(const Args<1>& args) {
  SignalWatch* watch = WatchOf(args);
  Bytes into;
  if (watch == nullptr || !args.WholeBytes(0, &into) || into.length < 8) return kRefused;
  uint64_t pending = watch->Take();
  for (int i = 0; i < 8; i++) into.data[i] = static_cast<uint8_t>(pending >> (8 * i));
  return 0;
}

void Close(const Args<1>& args) {
  if (auto* wrap = Wrapped<SignalsWrap>(args.receiver())) wrap->watch.reset();
}

// reassertSignal(signum): 0 or -errno.
int Reassert(const Args<1>& args) {
  int signum;
  if (!args.Int32(0, &signum)) return kRefused;
  return SignalWatch::Reassert(signum);
}

Napi::Function SignalsWrap::Define(Napi::Env env) {
  return DefineClass(
      env, "NativeSignals",
      {Method("open", Call<Open>), Method("descriptor", Call<Descriptor>), Method("add", Call<Add>),
       Method("remove", Call<Remove>), Method("take", Call<Take>), Method("close", Call<Close>)});
}

constexpr Function kFunctions[] = {{"reassertSignal", Call<Reassert>}};

}  // namespace

void InitSignals(Napi::Object exports) {
  DefineFunctions(exports, kFunctions);
  exports.Set("NativeSignals", SignalsWrap::Define(exports.Env()));
}

}  // namespace edgewise
