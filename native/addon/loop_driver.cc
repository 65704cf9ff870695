// Turns a reactor inside Node's own loop: the only file that sees uv.h. Symbols of libuv are bound
// at their first call, which TypeScript makes under Node only: Bun and Deno abort on them.
//
// Inverted: a prepare hook blocks in *our* wait, with libuv's backend descriptor in our set and
// uv_backend_timeout as the limit, so libuv's own poll is entered only when libuv has something or
// after kBatchesMax batches. An idle handle, active outside the hook only, keeps libuv's poll from
// blocking. One per loop.
//
// Nested: libuv polls our descriptor and a uv_timer carries our deadline; each wake-up costs two
// waits. The fall-back: a second reactor on one thread, or a host where the inversion fails.
//
// Either way JavaScript is entered once per batch, through a callback scope, so that nextTicks and
// promise jobs run behind it. See docs.libuv.org/en/v1.x/guide/eventloops.html, uv_backend_fd.
#include <errno.h>
#include <node_api.h>
#include <uv.h>

#include "addon.h"
#include "args.h"
#include "clock.h"
#include "poller_wrap.h"

namespace edgewise {
namespace {

constexpr napi_type_tag kDriverTag = {0x6564676577697365, 0x6472697665720001};

// Batches of ours before libuv looks at what we cannot see of it.
constexpr int kBatchesMax = 32;

enum class Mode : uint32_t { kInverted = 0, kNested = 1 };

class LoopDriver;

// The libuv handles of one attachment, and what its callbacks need. They may outlive the driver,
// until libuv has closed each: a handler may detach while we are inside its callback.
struct Handles {
  LoopDriver* driver = nullptr;  // null once detached
  napi_env env = nullptr;
  napi_ref dispatch = nullptr;
  napi_async_context async_context = nullptr;
  uv_prepare_t prepare;
  uv_idle_t idle;
  uv_timer_t timer;
  uv_poll_t poll;
  int open_count = 0;
  napi_async_cleanup_hook_handle cleanup_hook = nullptr;
};

class LoopDriver {
 public:
  LoopDriver(napi_env env, PollerWrap* poller) : env_(env), poller_(poller) {}
  static LoopDriver* From(napi_env env, napi_value value);

  // Keeps `dispatch`, and through its closure the reactor and ourselves, alive until Detach.
  int Attach(Mode mode, napi_value dispatch);
  void Detach();
  void SetReferenced(bool is_referenced);
  // After Poller::Rebuild: libuv must watch the new description behind the old number.
  int Rewatch();
  bool is_attached() const { return handles_ != nullptr; }

 private:
  // The inverted driver of this thread's loop, if there is one.
  static thread_local LoopDriver* inverted_;

  static void OnCleanup(napi_async_cleanup_hook_handle handle, void* data);
  static void OnClosed(uv_handle_t* handle);
  static LoopDriver* Of(void* handle_data) { return static_cast<Handles*>(handle_data)->driver; }

  napi_status MakeHandles(napi_value dispatch);
  int StartInverted(uv_loop_t* loop);
  int StartNested(uv_loop_t* loop);
  void RunBatches();
  void ArmNested();
  void PollNested();
  bool Enter(int count);

  DeadlineNs HostDeadline() const;
  bool HasWorkAtOnce() const { return poller_->head()->deadline_ns <= 0; }

  napi_env env_;
  PollerWrap* poller_;
  uv_loop_t* loop_ = nullptr;
  Handles* handles_ = nullptr;
};

thread_local LoopDriver* LoopDriver::inverted_ = nullptr;

LoopDriver* LoopDriver::From(napi_env env, napi_value value) {
  bool is_driver = false;
  void* driver = nullptr;
  if (napi_check_object_type_tag(env, value, &kDriverTag, &is_driver) != napi_ok || !is_driver ||
      napi_unwrap(env, value, &driver) != napi_ok) {
    return nullptr;
  }
  return static_cast<LoopDriver*>(driver);
}

napi_status LoopDriver::MakeHandles(napi_value dispatch) {
  handles_ = new Handles();
  handles_->driver = this;
  handles_->env = env_;
  uv_prepare_init(loop_, &handles_->prepare);
  uv_idle_init(loop_, &handles_->idle);
  uv_timer_init(loop_, &handles_->timer);
  handles_->open_count = 3;
  handles_->prepare.data = handles_->idle.data = handles_->timer.data = handles_;
  uv_unref(reinterpret_cast<uv_handle_t*>(&handles_->idle));
  uv_unref(reinterpret_cast<uv_handle_t*>(&handles_->timer));
  napi_value name;
  napi_status status = napi_create_string_utf8(env_, "EDGEWISE_REACTOR", NAPI_AUTO_LENGTH, &name);
  if (status == napi_ok) status = napi_async_init(env_, nullptr, name, &handles_->async_context);
  if (status == napi_ok) status = napi_create_reference(env_, dispatch, 1, &handles_->dispatch);
  if (status != napi_ok) return status;
  return napi_add_async_cleanup_hook(env_, OnCleanup, handles_, &handles_->cleanup_hook);
}

// Returns 0 or -errno. EBUSY: this loop has an inverted driver already. ENOTSUP: the poller has no
// descriptor that libuv could watch.
int LoopDriver::Attach(Mode mode, napi_value dispatch) {
  if (napi_get_uv_event_loop(env_, &loop_) != napi_ok) return -ENOTSUP;
  if (mode == Mode::kInverted && inverted_ != nullptr) return -EBUSY;
  if (mode == Mode::kNested && poller_->poller()->Descriptor() < 0) return -ENOTSUP;
  poller_->UnwatchHostLoop();
  if (MakeHandles(dispatch) != napi_ok) {
    Detach();
    return -EINVAL;
  }
  int result = mode == Mode::kInverted ? StartInverted(loop_) : StartNested(loop_);
  if (result < 0) Detach();
  return result;
}

int LoopDriver::StartInverted(uv_loop_t* loop) {
  int result = poller_->WatchHostLoopLevel(uv_backend_fd(loop));
  if (result < 0) return result;
  inverted_ = this;
  uv_prepare_start(&handles_->prepare,
                   [](uv_prepare_t* prepare) { Of(prepare->data)->RunBatches(); });
  uv_idle_start(&handles_->idle, [](uv_idle_t*) {});
  return 0;
}

int LoopDriver::StartNested(uv_loop_t* loop) {
  int result = uv_poll_init(loop, &handles_->poll, poller_->poller()->Descriptor());
  if (result < 0) return result;
  handles_->open_count++;
  handles_->poll.data = handles_;
  uv_unref(reinterpret_cast<uv_handle_t*>(&handles_->poll));
  uv_prepare_start(&handles_->prepare,
                   [](uv_prepare_t* prepare) { Of(prepare->data)->ArmNested(); });
  return Rewatch();
}

int LoopDriver::Rewatch() {
  if (handles_ == nullptr || handles_->open_count < 4) return 0;  // inverted: nobody watches us
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
  bool is_nested = handles->open_count == 4;
  uv_handle_t* open[] = {reinterpret_cast<uv_handle_t*>(&handles->prepare),
                         reinterpret_cast<uv_handle_t*>(&handles->idle),
                         reinterpret_cast<uv_handle_t*>(&handles->timer),
                         reinterpret_cast<uv_handle_t*>(&handles->poll)};
  for (int i = 0; i < (is_nested ? 4 : 3); i++) {
    uv_close(open[i], OnClosed);
  }
}

void LoopDriver::OnClosed(uv_handle_t* handle) {
  auto* handles = static_cast<Handles*>(handle->data);
  if (--handles->open_count > 0) return;
  if (handles->dispatch != nullptr) napi_delete_reference(handles->env, handles->dispatch);
  if (handles->async_context != nullptr) napi_async_destroy(handles->env, handles->async_context);
  if (handles->cleanup_hook != nullptr) napi_remove_async_cleanup_hook(handles->cleanup_hook);
  delete handles;
}

// The environment ends (process.exit, worker.terminate) while we are attached. Node waits until
// OnClosed has removed the hook.
void LoopDriver::OnCleanup(napi_async_cleanup_hook_handle handle, void* data) {
  LoopDriver* driver = static_cast<Handles*>(data)->driver;
  if (driver != nullptr) driver->Detach();
}

void LoopDriver::SetReferenced(bool is_referenced) {
  if (handles_ == nullptr) return;
  auto* handle = reinterpret_cast<uv_handle_t*>(&handles_->prepare);
  is_referenced ? uv_ref(handle) : uv_unref(handle);
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
    int count = poller_->Wait(host_deadline);
    if (!Enter(count)) break;
    const SharedHead* head = poller_->head();
    bool host_is_ready = (head->signals & ReadySink::kHostLoopReady) != 0;
    // By the clock of the wait: handlers that take long let the host wait for one batch more.
    if (host_is_ready || head->now_ns >= static_cast<double>(host_deadline)) break;
  }
  if (handles_ == attachment) uv_idle_start(&attachment->idle, [](uv_idle_t*) {});
}

void LoopDriver::ArmNested() {
  Handles* attachment = handles_;
  // Work that waits for no event: now, not after libuv's poll.
  if (HasWorkAtOnce()) Enter(poller_->Wait(kPollOnce));
  if (handles_ != attachment) return;
  double deadline_ns = poller_->head()->deadline_ns;
  if (!(deadline_ns < 9.2e18)) {
    uv_timer_stop(&handles_->timer);
    return;
  }
  int64_t left = deadline_ns <= 0 ? 0 : RemainingNs(static_cast<DeadlineNs>(deadline_ns) + 1);
  uv_update_time(loop_);
  uv_timer_start(
      &handles_->timer, [](uv_timer_t* timer) { Of(timer->data)->PollNested(); },
      static_cast<uint64_t>(CeilToMs(left)), 0);
}

void LoopDriver::PollNested() { Enter(poller_->Wait(kPollOnce)); }

// Hands one batch to JavaScript. Answers false when this attachment has ended meanwhile, or the
// thread is about to.
bool LoopDriver::Enter(int count) {
  SharedHead* head = poller_->head();
  bool has_something = count != 0 || (head->signals & ReadySink::kNotified) != 0 ||
                       head->deadline_ns <= head->now_ns;
  if (!has_something) return true;
  Handles* before = handles_;
  napi_handle_scope scope;
  if (napi_open_handle_scope(env_, &scope) != napi_ok) return false;
  napi_value dispatch, result, argument = Number(env_, count);
  napi_get_reference_value(env_, before->dispatch, &dispatch);
  // It has no `this`: any object will do, and itself is the cheapest to get.
  napi_status status =
      napi_make_callback(env_, before->async_context, dispatch, dispatch, 1, &argument, &result);
  if (status == napi_pending_exception) {
    // dispatch() reports what handlers throw by itself: what comes here is a defect, or the end of
    // the thread, which cannot be caught.
    napi_value error;
    if (napi_get_and_clear_last_exception(env_, &error) == napi_ok) {
      napi_fatal_exception(env_, error);
    }
  }
  napi_close_handle_scope(env_, scope);
  return status == napi_ok && handles_ == before;
}

// new LoopDriver(poller), which the caller keeps alive as long
napi_value New(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  PollerWrap* poller = PollerWrap::From(env, args[0]);
  if (poller == nullptr) return Refuse(env);
  auto* driver = new LoopDriver(env, poller);
  auto finalize = [](napi_env, void* data, void*) { delete static_cast<LoopDriver*>(data); };
  if (napi_wrap(env, args.receiver(), driver, finalize, nullptr, nullptr) != napi_ok) {
    delete driver;
    return nullptr;
  }
  napi_type_tag_object(env, args.receiver(), &kDriverTag);
  return args.receiver();
}

// attach(mode, dispatch: (count) => void): 0 or -errno.
napi_value Attach(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  LoopDriver* driver = LoopDriver::From(env, args.receiver());
  uint32_t mode;
  if (driver == nullptr || driver->is_attached() || !args.Uint32(0, &mode)) return Refuse(env);
  return Number(env, driver->Attach(static_cast<Mode>(mode), args[1]));
}

napi_value Detach(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  LoopDriver* driver = LoopDriver::From(env, args.receiver());
  if (driver != nullptr) driver->Detach();
  return nullptr;
}

napi_value SetReferenced(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  LoopDriver* driver = LoopDriver::From(env, args.receiver());
  uint32_t is_referenced;
  if (driver == nullptr || !args.Uint32(0, &is_referenced)) return Refuse(env);
  driver->SetReferenced(is_referenced != 0);
  return Number(env, 0);
}

napi_value Rewatch(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  LoopDriver* driver = LoopDriver::From(env, args.receiver());
  return driver == nullptr ? Refuse(env) : Number(env, driver->Rewatch());
}

// watchHostLoop(poller): lets the host end a thread that blocks in this poller. 0 or -errno.
napi_value WatchHostLoop(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  PollerWrap* poller = PollerWrap::From(env, args[0]);
  uv_loop_t* loop = nullptr;
  if (poller == nullptr || !poller->is_open()) return Refuse(env);
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return Number(env, -ENOTSUP);
  return Number(env, poller->WatchHostLoopEdge(uv_backend_fd(loop)));
}

}  // namespace

bool InitLoopDriver(napi_env env, napi_value exports) {
  const napi_property_descriptor properties[] = {
      {"attach", nullptr, Attach, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"detach", nullptr, Detach, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"setReferenced", nullptr, SetReferenced, nullptr, nullptr, nullptr, napi_default_method,
       nullptr},
      {"rewatch", nullptr, Rewatch, nullptr, nullptr, nullptr, napi_default_method, nullptr},
  };
  napi_value constructor;
  if (napi_define_class(env, "NativeLoopDriver", NAPI_AUTO_LENGTH, New, nullptr,
                        sizeof properties / sizeof *properties, properties,
                        &constructor) != napi_ok ||
      napi_set_named_property(env, exports, "NativeLoopDriver", constructor) != napi_ok) {
    return false;
  }
  const Method methods[] = {{"watchHostLoop", WatchHostLoop}};
  return DefineMethods(env, exports, methods);
}

}  // namespace edgewise
