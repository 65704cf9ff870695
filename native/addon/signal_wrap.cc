// Signals as readiness: the class NativeSignals of src/native.ts.
//
// What a signal does is set for the whole process, and under Node libuv sets it: behind process.on,
// and behind child_process for SIGCHLD, which it begins to watch with the first child and ends with
// the last. It chains no handler and restores none, so one of our own would be lost to it, and
// would have to know which of Node's to call. So we watch through libuv as well: it keeps its
// handler as long as anything of the process watches the signal, calls all that do, on every
// thread, and serves every copy of this library in the process.
//
// Each NativeSignals has a uv_loop_t of its own, which no one runs but Take, for an instant: its
// backend descriptor becomes readable when a signal has come, and is watched like any other. See
// docs.libuv.org/en/v1.x/signal.html; symbols of libuv are touched as loop_driver.cc says.
#include <errno.h>
#include <signal.h>
#include <uv.h>

#include <map>
#include <memory>
#include <mutex>

#include "addon.h"
#include "args.h"

namespace edgewise {
namespace {

constexpr int kSignalMax = 64;

uint64_t BitOf(int signum) { return uint64_t{1} << (signum - 1); }

// What each signal did before libuv's handler came for us: by default what Node has set at its
// start (it ignores SIGPIPE, opens its inspector at SIGUSR1, restores the terminal at SIGINT).
// libuv leaves the system's default behind, so the rest is put back here.
class Dispositions {
 public:
  static Dispositions& Get() {
    static auto* dispositions = new Dispositions();  // threads may end while the process exits
    return *dispositions;
  }

  // Calls `start`, which has libuv watch the signal. Returns what it returns.
  template <typename Start>
  int Watch(int signum, Start start) {
    std::lock_guard<std::mutex> lock(mutex_);
    Entry& entry = entries_[signum];
    struct sigaction before {};
    sigaction(signum, nullptr, &before);
    int result = start();
    if (result < 0) return result;
    entry.watch_count++;
    if (before.sa_handler == HandlerOf(signum)) return 0;  // libuv's was there
    entry.saved = before;
    entry.is_saved = true;
    return 0;
  }

  // Calls `stop`, which ends that.
  template <typename Stop>
  void Unwatch(int signum, Stop stop) {
    std::lock_guard<std::mutex> lock(mutex_);
    Entry& entry = entries_[signum];
    stop();
    bool is_last = --entry.watch_count == 0;
    if (!is_last || HandlerOf(signum) != SIG_DFL) return;  // something else watches
    if (entry.is_saved) {
      sigaction(signum, &entry.saved, nullptr);
    } else if (signum == SIGPIPE) {
      signal(SIGPIPE, SIG_IGN);  // Node never has the default, which ends the process
    }
  }

 private:
  struct Entry {
    int watch_count = 0;
    bool is_saved = false;  // false: libuv watched whenever we came
    struct sigaction saved {};
  };

  static void (*HandlerOf(int signum))(int) {
    struct sigaction current {};
    sigaction(signum, nullptr, &current);
    return current.sa_handler;
  }

  std::mutex mutex_;
  Entry entries_[kSignalMax + 1];
};

// The signals of one reactor. On one thread.
class SignalLoop {
 public:
  SignalLoop() = default;
  SignalLoop(const SignalLoop&) = delete;
  SignalLoop& operator=(const SignalLoop&) = delete;

  ~SignalLoop() {
    if (!is_open_) return;
    for (auto& [signum, handle] : handles_) {
      Remove(signum);
      uv_close(reinterpret_cast<uv_handle_t*>(handle.get()), nullptr);
    }
    uv_close(reinterpret_cast<uv_handle_t*>(&alive_), nullptr);
    uv_run(&loop_, UV_RUN_DEFAULT);  // until all of them are closed: nothing else is there
    uv_loop_close(&loop_);
  }

  // Returns 0 or -errno. EMFILE, ENFILE.
  int Open() {
    int result = uv_loop_init(&loop_);
    if (result < 0) return result;
    is_open_ = true;
    uv_prepare_init(&loop_, &alive_);
    Run();  // libuv puts its descriptors into the backend when it is about to wait
    return 0;
  }

  // The descriptor to watch for reading, level-triggered.
  int Descriptor() const { return uv_backend_fd(&loop_); }

  // Returns 0 or -errno. EINVAL: SIGKILL, SIGSTOP, or no signal of this system.
  int Add(int signum) {
    if (signum < 1 || signum > kSignalMax) return -EINVAL;
    if (watched_ & BitOf(signum)) return 0;
    std::unique_ptr<uv_signal_t>& handle = handles_[signum];
    if (handle == nullptr) {
      handle = std::make_unique<uv_signal_t>();
      uv_signal_init(&loop_, handle.get());
      handle->data = this;
    }
    int result = Dispositions::Get().Watch(
        signum, [&] { return uv_signal_start(handle.get(), OnSignal, signum); });
    if (result == 0) watched_ |= BitOf(signum);
    return result;
  }

  void Remove(int signum) {
    if (signum < 1 || signum > kSignalMax || !(watched_ & BitOf(signum))) return;
    watched_ &= ~BitOf(signum);
    uv_signal_t* handle = handles_[signum].get();
    Dispositions::Get().Unwatch(signum, [&] { uv_signal_stop(handle); });
  }

  // The signals since the last call: bit signum - 1. Like the kernel's own pending set, it does not
  // count how often each came.
  uint64_t Take() {
    pending_ = 0;
    Run();
    return pending_;
  }

 private:
  static void OnSignal(uv_signal_t* handle, int signum) {
    static_cast<SignalLoop*>(handle->data)->pending_ |= BitOf(signum);
  }

  // One pass, without waiting. A loop in which nothing is active would not look at all.
  void Run() {
    uv_prepare_start(&alive_, [](uv_prepare_t*) {});
    uv_run(&loop_, UV_RUN_NOWAIT);
    uv_prepare_stop(&alive_);
  }

  uv_loop_t loop_;
  uv_prepare_t alive_;
  bool is_open_ = false;
  uint64_t watched_ = 0;
  uint64_t pending_ = 0;
  std::map<int, std::unique_ptr<uv_signal_t>> handles_;  // stopped ones are started again
};

class SignalsWrap : public Napi::ObjectWrap<SignalsWrap> {
 public:
  static constexpr napi_type_tag kTag = {0x6564676577697365, 0x7369676e616c0001};

  static Napi::Function Define(Napi::Env env);

  explicit SignalsWrap(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    info.This().As<Napi::Object>().TypeTag(&kTag);
  }

  std::unique_ptr<SignalLoop> loop;  // null: not open
};

// The loop of the receiver of a method, when it is open, or null.
template <size_t kCount>
SignalLoop* LoopOf(const Args<kCount>& args) {
  auto* wrap = Wrapped<SignalsWrap>(args.receiver());
  return wrap == nullptr ? nullptr : wrap->loop.get();
}

// open(): 0 or -errno.
int Open(const Args<1>& args) {
  auto* wrap = Wrapped<SignalsWrap>(args.receiver());
  if (wrap == nullptr || wrap->loop != nullptr) return kRefused;
  auto loop = std::make_unique<SignalLoop>();
  int result = loop->Open();
  if (result >= 0) wrap->loop = std::move(loop);
  return result;
}

// descriptor(): the descriptor to watch.
int Descriptor(const Args<1>& args) {
  SignalLoop* loop = LoopOf(args);
  return loop == nullptr ? kRefused : loop->Descriptor();
}

// add(signum): 0 or -errno.
int Add(const Args<1>& args) {
  SignalLoop* loop = LoopOf(args);
  int signum;
  if (loop == nullptr || !args.Int32(0, &signum)) return kRefused;
  return loop->Add(signum);
}

// remove(signum)
int Remove(const Args<1>& args) {
  SignalLoop* loop = LoopOf(args);
  int signum;
  if (loop == nullptr || !args.Int32(0, &signum)) return kRefused;
  loop->Remove(signum);
  return 0;
}

// take(into: Uint8Array of 8): the pending set, little-endian; 0 or REFUSED.
int Take(const Args<1>& args) {
  SignalLoop* loop = LoopOf(args);
  Bytes into;
  if (loop == nullptr || !args.WholeBytes(0, &into) || into.length < 8) return kRefused;
  uint64_t pending = loop->Take();
  for (int i = 0; i < 8; i++) into.data[i] = static_cast<uint8_t>(pending >> (8 * i));
  return 0;
}

void Close(const Args<1>& args) {
  if (auto* wrap = Wrapped<SignalsWrap>(args.receiver())) wrap->loop.reset();
}

Napi::Function SignalsWrap::Define(Napi::Env env) {
  return DefineClass(
      env, "NativeSignals",
      {Method("open", Call<Open>), Method("descriptor", Call<Descriptor>), Method("add", Call<Add>),
       Method("remove", Call<Remove>), Method("take", Call<Take>), Method("close", Call<Close>)});
}

}  // namespace

void InitSignals(Napi::Object exports) {
  exports.Set("NativeSignals", SignalsWrap::Define(exports.Env()));
}

}  // namespace edgewise
