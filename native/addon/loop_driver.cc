// Turns a reactor inside Node's own loop: the only file that sees uv.h. Symbols of libuv are bound
// at their first call, which TypeScript makes under Node only: Bun and Deno abort on them.
//
// Inverted: a prepare hook blocks in *our* wait, with libuv's backend descriptor in our set and
// uv_backend_timeout as the limit, so libuv's own poll is entered only when libuv has something or
// after kBatchesMax batches. An idle handle, active outside the hook only, keeps libuv's poll from
// blocking. One per loop.
//
// Nested: libuv polls our descriptor, a uv_timer carries our deadline, and an idle handle is active
// while we have work at once; each wake-up costs two waits. The fall-back: a second reactor on one
// thread, or a host where the inversion fails. Timer and idle handle are set when the reactor plans
// (Plan), not in a hook before the poll: an inverted driver, also of another copy of this library,
// asks libuv for its timeout before each of its waits, and so sees what its own batches have made
// for a nested one.
//
// Either way JavaScript is entered once per batch, through a callback scope, so that nextTicks and
// promise jobs run behind it. See docs.libuv.org/en/v1.x/guide/eventloops.html, uv_backend_fd.
#include <errno.h>
#include <uv.h>

#include <cmath>
#include <optional>

#include "addon.h"
#include "args.h"
#include "clock.h"
#include "poller_wrap.h"

namespace edgewise {
namespace {

// Batches of ours before libuv looks at what we cannot see of it.
constexpr int kBatchesMax = 32;

enum class Mode : uint32_t { kInverted = 0, kNested = 1 };

class LoopDriver;

// The libuv handles of one attachment, and what its callbacks need. They may outlive the driver,
// until libuv has closed each: a handler may detach while we are inside its callback.
struct Handles {
  LoopDriver* driver = nullptr;  // null once detached
  Napi::FunctionReference dispatch;
  std::optional<Napi::AsyncContext> async_context;
  uv_prepare_t prepare;           // inverted
  uv_poll_t poll;                 // nested
  uv_timer_t timer;               // nested
  uv_idle_t idle;                 // both
  uv_handle_t* keeper = nullptr;  // the one of them that keeps the loop alive
  uv_handle_t* open[3];
  int open_count = 0;
  napi_async_cleanup_hook_handle cleanup_hook = nullptr;

  // To be called for each handle after its uv_*_init.
  template <typename Handle>
  uv_handle_t* Opened(Handle* handle) {
    handle->data = this;
    open[open_count] = reinterpret_cast<uv_handle_t*>(handle);
    uv_unref(open[open_count]);
    return open[open_count++];
  }
};

// The class NativeLoopDriver of src/native.ts.
class LoopDriver : public Napi::ObjectWrap<LoopDriver> {
 public:
  static constexpr napi_type_tag kTag = {0x6564676577697365, 0x6472697665720001};

  static Napi::Function Define(Napi::Env env);

  explicit LoopDriver(const Napi::CallbackInfo& info);

  // Keeps `dispatch`, and through its closure the reactor and ourselves, alive until Detach.
  int Attach(Mode mode, Napi::Function dispatch);
  void Detach();
  void SetReferenced(bool is_referenced);
  // After Poller::Rebuild: libuv must watch the new description behind the old number.
  int Rewatch();
  // After a change of the deadline in the shared head, from wherever it comes.
  void Plan();
  bool is_attached() const { return handles_ != nullptr; }

 private:
  // The inverted driver of this thread's loop, if there is one.
  static thread_local LoopDriver* inverted_;

  static void OnCleanup(napi_async_cleanup_hook_handle handle, void* data);
  static void OnClosed(uv_handle_t* handle);
  static void Delete(Handles* handles);
  static LoopDriver* Of(void* handle_data) { return static_cast<Handles*>(handle_data)->driver; }

  bool MakeHandles(Napi::Function dispatch);
  int StartInverted();
  int StartNested();
  bool is_nested() const { return handles_ != nullptr && mode_ == Mode::kNested; }
  void RunBatches();
  void PollNested();
  void OnTimer();
  bool Enter(int count);

  DeadlineNs HostDeadline() const;

  Napi::ObjectReference poller_object_;  // keeps poller_ alive
  PollerWrap* poller_ = nullptr;
  uv_loop_t* loop_ = nullptr;
  Mode mode_ = Mode::kInverted;
  double planned_ns_ = 0;  // nested: the deadline that libuv has
  Handles* handles_ = nullptr;
};

thread_local LoopDriver* LoopDriver::inverted_ = nullptr;

// new NativeLoopDriver(poller: NativePoller)
LoopDriver::LoopDriver(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  poller_ = PollerWrap::From(info[0]);
  if (poller_ == nullptr) {
    ThrowNoPoller(info.Env());
    return;
  }
  poller_object_ = Napi::Persistent(info[0].As<Napi::Object>());
  info.This().As<Napi::Object>().TypeTag(&kTag);
}

bool LoopDriver::MakeHandles(Napi::Function dispatch) {
  handles_ = new Handles();
  handles_->driver = this;
  handles_->dispatch = Napi::Persistent(dispatch);
  // Node holds the resource, where AsyncLocalStorage keeps its stores, weakly: it must be an object
  // that we hold as long as the context.
  handles_->async_context.emplace(Env(), "EDGEWISE_REACTOR", dispatch);
  return !Env().IsExceptionPending() &&
         napi_add_async_cleanup_hook(Env(), OnCleanup, handles_, &handles_->cleanup_hook) ==
             napi_ok;
}

// Returns 0 or -errno. EBUSY: this loop has an inverted driver already. ENOTSUP: the poller has no
// descriptor that libuv could watch.
int LoopDriver::Attach(Mode mode, Napi::Function dispatch) {
  if (napi_get_uv_event_loop(Env(), &loop_) != napi_ok) return -ENOTSUP;
  if (mode == Mode::kInverted && inverted_ != nullptr) return -EBUSY;
  if (mode == Mode::kNested && poller_->poller()->Descriptor() < 0) return -ENOTSUP;
  poller_->UnwatchHostLoop();
  if (!MakeHandles(dispatch)) {
    Detach();
    return -EINVAL;
  }
  mode_ = mode;
  int result = mode == Mode::kInverted ? StartInverted() : StartNested();
  if (result < 0) Detach();
  return result;
}

int LoopDriver::StartInverted() {
  int result = poller_->WatchHostLoopLevel(uv_backend_fd(loop_));
  if (result < 0) return result;
  inverted_ = this;
  uv_prepare_init(loop_, &handles_->prepare);
  handles_->keeper = handles_->Opened(&handles_->prepare);
  uv_ref(handles_->keeper);
  uv_prepare_start(&handles_->prepare,
                   [](uv_prepare_t* prepare) { Of(prepare->data)->RunBatches(); });
  uv_idle_init(loop_, &handles_->idle);
  handles_->Opened(&handles_->idle);
  uv_idle_start(&handles_->idle, [](uv_idle_t*) {});
  return 0;
}

int LoopDriver::StartNested() {
  int result = uv_poll_init(loop_, &handles_->poll, poller_->poller()->Descriptor());
  if (result < 0) return result;
  handles_->keeper = handles_->Opened(&handles_->poll);
  uv_ref(handles_->keeper);
  uv_timer_init(loop_, &handles_->timer);
  handles_->Opened(&handles_->timer);
  uv_idle_init(loop_, &handles_->idle);
  handles_->Opened(&handles_->idle);
  result = Rewatch();
  if (result < 0) return result;
  planned_ns_ = NAN;
  Plan();
  return 0;
}

int LoopDriver::Rewatch() {
  if (!is_nested()) return 0;  // inverted: libuv does not watch us
  uv_poll_stop(&handles_->poll);
  return uv_poll_start(&handles_->poll, UV_READABLE,
                       [](uv_poll_t* poll, int, int) { Of(poll->data)->PollNested(); });
}

void LoopDriver::Detach() {
  Handles* handles = handles_;
  if (handles == nullptr) return;
  handles_ = nullptr;
  handles->driver = nullptr;
  if (inverted_ == this) inverted_ = nullptr;
  poller_->UnwatchHostLoop();
  int count = handles->open_count;
  if (count == 0) Delete(handles);  // it has failed before the first
  for (int i = 0; i < count; i++) uv_close(handles->open[i], OnClosed);
}

void LoopDriver::Delete(Handles* handles) {
  napi_async_cleanup_hook_handle cleanup_hook = handles->cleanup_hook;
  delete handles;
  // Last: the hook keeps alive the environment that the reference and the context are of.
  if (cleanup_hook != nullptr) napi_remove_async_cleanup_hook(cleanup_hook);
}

void LoopDriver::OnClosed(uv_handle_t* handle) {
  auto* handles = static_cast<Handles*>(handle->data);
  if (--handles->open_count == 0) Delete(handles);
}

// The environment ends (process.exit, worker.terminate) while we are attached. Node waits until
// OnClosed has removed the hook.
void LoopDriver::OnCleanup(napi_async_cleanup_hook_handle handle, void* data) {
  LoopDriver* driver = static_cast<Handles*>(data)->driver;
  if (driver != nullptr) driver->Detach();
}

void LoopDriver::SetReferenced(bool is_referenced) {
  if (handles_ == nullptr) return;
  is_referenced ? uv_ref(handles_->keeper) : uv_unref(handles_->keeper);
}

// When libuv wants its turn at the latest. uv_backend_timeout answers 0 while libuv has something
// to do at once, or watchers that its own poll has not registered yet.
DeadlineNs LoopDriver::HostDeadline() const {
  int timeout_ms = uv_backend_timeout(loop_);
  if (timeout_ms < 0) return kNoDeadline;
  if (timeout_ms == 0) return kPollOnce;
  return (static_cast<int64_t>(uv_now(loop_)) + timeout_ms) * kNsPerMs;
}

void LoopDriver::RunBatches() {
  Handles* attachment = handles_;
  uv_idle_stop(&attachment->idle);
  for (int batch = 0; batch < kBatchesMax; batch++) {
    DeadlineNs host_deadline = HostDeadline();
    int count = poller_->WaitUntil(host_deadline);
    if (!Enter(count)) break;
    const SharedHead* head = poller_->head();
    bool host_is_ready = (head->signals & ReadySink::kHostLoopReady) != 0;
    // By the clock of the wait: handlers that take long let the host wait for one batch more.
    if (host_is_ready || head->now_ns >= static_cast<double>(host_deadline)) break;
  }
  if (handles_ == attachment) uv_idle_start(&attachment->idle, [](uv_idle_t*) {});
}

void LoopDriver::Plan() {
  if (!is_nested() || poller_->head()->deadline_ns == planned_ns_) return;
  planned_ns_ = poller_->head()->deadline_ns;
  DeadlineNs deadline = poller_->PlannedDeadline();
  int64_t left = RemainingNs(deadline);
  uv_timer_stop(&handles_->timer);
  // Not by a timer of 0: one that sets itself again holds up the loop in older versions of libuv.
  if (left == 0) {
    uv_idle_start(&handles_->idle, [](uv_idle_t* idle) { Of(idle->data)->PollNested(); });
    return;
  }
  uv_idle_stop(&handles_->idle);
  if (deadline == kNoDeadline) return;
  // libuv counts from its time of the last pass, in whole milliseconds and by a clock of its own.
  int64_t since_pass = static_cast<int64_t>(uv_hrtime() - uv_now(loop_) * kNsPerMs);
  uv_timer_start(
      &handles_->timer, [](uv_timer_t* timer) { Of(timer->data)->OnTimer(); },
      static_cast<uint64_t>(CeilToMs(left + since_pass)), 0);
}

void LoopDriver::PollNested() { Enter(poller_->WaitUntil(kPollOnce)); }

void LoopDriver::OnTimer() {
  Handles* attachment = handles_;
  planned_ns_ = NAN;
  PollNested();
  if (handles_ == attachment) Plan();  // it was cut, at what an int holds of milliseconds
}

// Hands one batch to JavaScript. Answers false when this attachment has ended meanwhile, or the
// thread is about to.
bool LoopDriver::Enter(int count) {
  if (!poller_->HasSomething(count)) return true;
  Handles* before = handles_;
  Napi::Env env = Env();
  Napi::HandleScope scope(env);
  napi_value dispatch = before->dispatch.Value();
  napi_value argument = ToValue(env, count);
  // By Node-API's own calls: node-addon-api makes an Error of a failure and throws it, which aborts
  // the process while the thread is being terminated.
  // `dispatch` has no `this`: any object will do, and itself is the cheapest to get.
  napi_value result;
  napi_status status =
      napi_make_callback(env, *before->async_context, dispatch, dispatch, 1, &argument, &result);
  if (status == napi_pending_exception) ReportDefect(env);
  return status == napi_ok && handles_ == before;
}

// attach(mode, dispatch: (count) => void): 0 or -errno.
int Attach(const Args<2>& args) {
  auto* driver = Wrapped<LoopDriver>(args.receiver());
  uint32_t mode;
  if (driver == nullptr || driver->is_attached() || !args.Uint32(0, &mode) ||
      !args[1].IsFunction()) {
    return kRefused;
  }
  return driver->Attach(static_cast<Mode>(mode), args[1].As<Napi::Function>());
}

void Detach(const Args<1>& args) {
  if (auto* driver = Wrapped<LoopDriver>(args.receiver())) driver->Detach();
}

int SetReferenced(const Args<1>& args) {
  auto* driver = Wrapped<LoopDriver>(args.receiver());
  uint32_t is_referenced;
  if (driver == nullptr || !args.Uint32(0, &is_referenced)) return kRefused;
  driver->SetReferenced(is_referenced != 0);
  return 0;
}

void Plan(const Args<1>& args) {
  if (auto* driver = Wrapped<LoopDriver>(args.receiver())) driver->Plan();
}

int Rewatch(const Args<1>& args) {
  auto* driver = Wrapped<LoopDriver>(args.receiver());
  return driver == nullptr ? kRefused : driver->Rewatch();
}

// watchHostLoop(poller, mayBeEnded: 0 | 1): lets the host end a thread that blocks in this poller.
// A descriptor of the poller's that was made for it, or -errno.
int WatchHostLoop(const Args<2>& args) {
  PollerWrap* poller = PollerWrap::From(args[0]);
  uv_loop_t* loop = nullptr;
  uint32_t may_be_ended;
  if (poller == nullptr || !poller->is_open() || !args.Uint32(1, &may_be_ended)) return kRefused;
  if (napi_get_uv_event_loop(args.env(), &loop) != napi_ok) return -ENOTSUP;
  return poller->WatchHostLoopEdge(uv_backend_fd(loop), may_be_ended != 0);
}

Napi::Function LoopDriver::Define(Napi::Env env) {
  return DefineClass(
      env, "NativeLoopDriver",
      {Method("attach", Call<edgewise::Attach>), Method("detach", Call<edgewise::Detach>),
       Method("setReferenced", Call<edgewise::SetReferenced>),
       Method("rewatch", Call<edgewise::Rewatch>), Method("plan", Call<edgewise::Plan>)});
}

constexpr Function kFunctions[] = {{"watchHostLoop", Call<WatchHostLoop>}};

}  // namespace

void InitLoopDriver(Napi::Object exports) {
  DefineFunctions(exports, kFunctions);
  exports.Set("NativeLoopDriver", LoopDriver::Define(exports.Env()));
}

}  // namespace edgewise
