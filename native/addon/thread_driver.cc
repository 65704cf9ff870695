// Turns a reactor inside the loop of a host that has no libuv, or lets no one into it: a thread
// waits for the poller (native/core/wait_thread.h) and wakes the host through a thread-safe
// function of Node-API. Each such crossing is one batch: the host's thread makes a wait that does
// not block, hands what it brought to JavaScript, and arms the thread again.
//
// Work that is due at once needs no thread: the host's thread makes the crossing itself.
// See nodejs.org/api/n-api.html, "Asynchronous thread-safe function calls".
#include <errno.h>

#include <atomic>
#include <memory>

#include "addon.h"
#include "args.h"
#include "clock.h"
#include "poller_wrap.h"
#include "wait_thread.h"

namespace edgewise {
namespace {

// Crossings that the host's thread makes by itself before the host gets its turn: Node handles up
// to a thousand in a row.
constexpr int kDirectMax = 32;

class ThreadDriver;

// What one attachment has. It outlives the driver's detaching until the host has finalized the
// thread-safe function: a handler may detach while we are inside a crossing.
struct Attachment {
  ThreadDriver* driver = nullptr;  // null once detached
  Napi::FunctionReference dispatch;
  napi_threadsafe_function function = nullptr;
  WaitThread thread;
  // A crossing is on its way; set by the thread or the host's thread, taken when it begins.
  std::atomic<bool> is_posted{false};
  bool is_inside = false;  // in a crossing, at whose end the thread is armed
  int direct_count = 0;    // crossings without the thread, one after the other
  DeadlineNs armed_until = kPollOnce;
};

// The class NativeThreadDriver of src/native.ts.
class ThreadDriver : public Napi::ObjectWrap<ThreadDriver> {
 public:
  static constexpr napi_type_tag kTag = {0x6564676577697365, 0x7468726561640001};

  static Napi::Function Define(Napi::Env env);

  explicit ThreadDriver(const Napi::CallbackInfo& info);

  // Keeps `dispatch`, and through its closure the reactor and ourselves, alive until Detach.
  int Attach(Napi::Function dispatch);
  void Detach();
  void SetReferenced(bool is_referenced);
  // After Poller::Rebuild: the thread must watch the new description behind the old number.
  void Rewatch();
  // After a change of the deadline in the shared head, from wherever it comes.
  void Plan();
  bool is_attached() const { return attachment_ != nullptr; }

 private:
  static void OnReport(void* data) { Post(static_cast<Attachment*>(data)); }
  static void Post(Attachment* attachment);
  static void OnCrossing(napi_env env, napi_value, void* context, void*);
  static void OnFinalized(napi_env, void* data, void*);
  static void OnCleanup(void* data);

  int Start(Napi::Function dispatch);
  void Cross(napi_env env);
  void Arm();

  Napi::ObjectReference poller_object_;  // keeps poller_ alive
  PollerWrap* poller_ = nullptr;
  Attachment* attachment_ = nullptr;
};

// new NativeThreadDriver(poller: NativePoller)
ThreadDriver::ThreadDriver(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  poller_ = PollerWrap::From(info[0]);
  if (poller_ == nullptr) {
    ThrowNoPoller(info.Env());
    return;
  }
  poller_object_ = Napi::Persistent(info[0].As<Napi::Object>());
  info.This().As<Napi::Object>().TypeTag(&kTag);
}

// Returns 0 or -errno. ENOTSUP: the poller has no descriptor that the thread could watch. EAGAIN:
// no thread left. EMFILE, ENFILE: no descriptor left to wake it by.
int ThreadDriver::Attach(Napi::Function dispatch) {
  if (poller_->poller()->Descriptor() < 0) return -ENOTSUP;
  poller_->UnwatchHostLoop();
  int result = Start(dispatch);
  if (result < 0) {
    Detach();
    return result;
  }
  Arm();
  return 0;
}

int ThreadDriver::Start(Napi::Function dispatch) {
  attachment_ = new Attachment();
  attachment_->driver = this;
  attachment_->dispatch = Napi::Persistent(dispatch);
  napi_value name = Napi::String::New(Env(), "EDGEWISE_REACTOR");
  // Without a limit of its queue, which holds one call at most. It keeps the host's loop alive.
  if (napi_create_threadsafe_function(Env(), nullptr, dispatch, name, 0, 1, attachment_,
                                      OnFinalized, attachment_, OnCrossing,
                                      &attachment_->function) != napi_ok) {
    attachment_->function = nullptr;
    return -EINVAL;
  }
  // Hooks run in reverse: the thread ends before what it calls does.
  if (napi_add_env_cleanup_hook(Env(), OnCleanup, attachment_) != napi_ok) return -EINVAL;
  return attachment_->thread.Start(poller_->poller()->Descriptor(), OnReport, attachment_);
}

void ThreadDriver::Detach() {
  Attachment* attachment = attachment_;
  if (attachment == nullptr) return;
  attachment_ = nullptr;
  attachment->driver = nullptr;
  attachment->thread.Stop();
  napi_remove_env_cleanup_hook(Env(), OnCleanup, attachment);
  napi_threadsafe_function function = attachment->function;
  if (function == nullptr) {
    delete attachment;  // it has failed before there was one
  } else {
    napi_release_threadsafe_function(function, napi_tsfn_abort);
  }
}

void ThreadDriver::OnFinalized(napi_env, void* data, void*) {
  delete static_cast<Attachment*>(data);
}

// The environment ends (process.exit, worker.terminate) while we are attached. The host takes back
// the thread-safe function by itself: Deno ends in a segmentation fault when we do, or when a
// reference is left to be deleted behind it.
void ThreadDriver::OnCleanup(void* data) {
  auto* attachment = static_cast<Attachment*>(data);
  attachment->driver->attachment_ = nullptr;
  attachment->driver = nullptr;
  attachment->thread.Stop();
  attachment->dispatch.Reset();
}

void ThreadDriver::SetReferenced(bool is_referenced) {
  if (attachment_ == nullptr) return;
  if (is_referenced) {
    napi_ref_threadsafe_function(Env(), attachment_->function);
  } else {
    napi_unref_threadsafe_function(Env(), attachment_->function);
  }
}

void ThreadDriver::Rewatch() {
  if (attachment_ != nullptr) attachment_->thread.LookAnew();
}

// On any thread. Of the errors, there is only that the function is closing: no one waits then.
void ThreadDriver::Post(Attachment* attachment) {
  if (attachment->is_posted.exchange(true)) return;
  napi_call_threadsafe_function(attachment->function, nullptr, napi_tsfn_nonblocking);
}

void ThreadDriver::OnCrossing(napi_env env, napi_value, void* context, void*) {
  // Without an environment the host ends, and takes back what was on its way.
  if (env == nullptr) return;
  auto* attachment = static_cast<Attachment*>(context);
  if (attachment->driver != nullptr) attachment->driver->Cross(env);
}

// One batch.
void ThreadDriver::Cross(napi_env env) {
  Napi::HandleScope scope(env);  // holds `dispatch`, and so ourselves, when a handler detaches
  Attachment* attachment = attachment_;
  napi_value dispatch = attachment->dispatch.Value();
  attachment->thread.Disarm();
  attachment->is_posted = false;
  int count = poller_->WaitUntil(kPollOnce);
  if (poller_->HasSomething(count)) {
    attachment->is_inside = true;
    napi_value argument = ToValue(env, count);
    napi_value result;
    napi_status status = napi_call_function(env, dispatch, dispatch, 1, &argument, &result);
    if (status == napi_pending_exception) ReportDefect(env);
    // A process that listens for uncaught exceptions goes on, and so do we, unless it has detached.
    bool goes_on = status == napi_ok || status == napi_pending_exception;
    if (!goes_on || attachment_ != attachment) return;
    attachment->is_inside = false;
  }
  Arm();
}

// Has the next crossing come when something is ready, or at the deadline in the shared head.
void ThreadDriver::Arm() {
  DeadlineNs deadline = poller_->PlannedDeadline();
  attachment_->armed_until = deadline;
  bool is_due = deadline != kNoDeadline && RemainingNs(deadline) == 0;
  if (is_due && attachment_->direct_count < kDirectMax) {
    attachment_->direct_count++;
    attachment_->thread.Disarm();
    Post(attachment_);
  } else {
    attachment_->direct_count = 0;
    attachment_->thread.Arm(deadline);
  }
}

// A deadline that has moved away is found at the old one, by a crossing that calls no one.
void ThreadDriver::Plan() {
  if (attachment_ == nullptr || attachment_->is_inside || attachment_->is_posted) return;
  if (poller_->PlannedDeadline() < attachment_->armed_until) Arm();
}

// attach(dispatch: (count) => void): 0 or -errno.
int Attach(const Args<1>& args) {
  auto* driver = Wrapped<ThreadDriver>(args.receiver());
  if (driver == nullptr || driver->is_attached() || !args[0].IsFunction()) return kRefused;
  return driver->Attach(args[0].As<Napi::Function>());
}

void Detach(const Args<1>& args) {
  if (auto* driver = Wrapped<ThreadDriver>(args.receiver())) driver->Detach();
}

int SetReferenced(const Args<1>& args) {
  auto* driver = Wrapped<ThreadDriver>(args.receiver());
  uint32_t is_referenced;
  if (driver == nullptr || !args.Uint32(0, &is_referenced)) return kRefused;
  driver->SetReferenced(is_referenced != 0);
  return 0;
}

void Plan(const Args<1>& args) {
  if (auto* driver = Wrapped<ThreadDriver>(args.receiver())) driver->Plan();
}

int Rewatch(const Args<1>& args) {
  auto* driver = Wrapped<ThreadDriver>(args.receiver());
  if (driver == nullptr) return kRefused;
  driver->Rewatch();
  return 0;
}

Napi::Function ThreadDriver::Define(Napi::Env env) {
  return DefineClass(
      env, "NativeThreadDriver",
      {Method("attach", Call<edgewise::Attach>), Method("detach", Call<edgewise::Detach>),
       Method("setReferenced", Call<edgewise::SetReferenced>),
       Method("rewatch", Call<edgewise::Rewatch>), Method("plan", Call<edgewise::Plan>)});
}

}  // namespace

void InitThreadDriver(Napi::Object exports) {
  exports.Set("NativeThreadDriver", ThreadDriver::Define(exports.Env()));
}

}  // namespace edgewise
