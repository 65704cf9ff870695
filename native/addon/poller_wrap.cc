#include "poller_wrap.h"

#include <errno.h>
#include <poll.h>

#include <algorithm>

#include "addon.h"
#include "args.h"
#include "clock.h"
#include "descriptor_owners.h"
#include "io_ops.h"
#include "waker_registry.h"

namespace edgewise {
namespace {

// How long a thread blocks before it looks whether it is asked to end, or whether the host has
// something, where no descriptor in the set shows that.
constexpr int64_t kLookAfterNs = 50 * kNsPerMs;

// A deadline of TypeScript's, in nanoseconds: 0 or less is now, beyond what an int64 holds never.
DeadlineNs ToDeadline(double ns) {
  if (!(ns < 9.2e18)) return kNoDeadline;
  return ns <= 0 ? kPollOnce : static_cast<DeadlineNs>(std::ceil(ns));
}

// Milliseconds from now, rounded up to whole nanoseconds; -1 blocks.
DeadlineNs DeadlineAfterMs(double timeout_ms) {
  if (timeout_ms < 0) return kNoDeadline;
  if (timeout_ms == 0) return kPollOnce;
  return ToDeadline(static_cast<double>(MonotonicNowNs()) + std::ceil(timeout_ms * kNsPerMs));
}

double Now(const Args<0>&) { return static_cast<double>(MonotonicNowNs()); }

}  // namespace

thread_local PollerWrap* PollerWrap::last_ = nullptr;

// new NativePoller()
PollerWrap::PollerWrap(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  info.This().As<Napi::Object>().TypeTag(&kTag);
}

PollerWrap::~PollerWrap() {
  if (last_ == this) last_ = nullptr;
  Close();
}

void PollerWrap::Close() {
  if (poller_ != nullptr) CloseWakersOf(poller_.get());
  poller_.reset();
  latch_.reset();
  host_fd_ = -1;
  if (memory_ != nullptr) memory_->Release();
  memory_ = nullptr;
  head_ = nullptr;
  records_ = nullptr;
}

// To look up what an object wraps, and its tag, costs more than all the rest of a call, and mostly
// it is the object of the call before.
PollerWrap* PollerWrap::From(Napi::Value value) {
  if (last_ != nullptr && last_->IsOf(value)) return last_;
  PollerWrap* wrap = Wrapped<PollerWrap>(value);
  if (wrap != nullptr) last_ = wrap;
  return wrap;
}

bool PollerWrap::IsOf(napi_value value) const {
  napi_value object = nullptr;
  bool is_same = false;
  return napi_get_reference_value(Env(), *this, &object) == napi_ok && object != nullptr &&
         napi_strict_equals(Env(), value, object, &is_same) == napi_ok && is_same;
}

bool PollerWrap::HasSomething(int count) const {
  return count != 0 || (head_->signals & ReadySink::kNotified) != 0 ||
         head_->deadline_ns <= head_->now_ns;
}

DeadlineNs PollerWrap::PlannedDeadline() const { return ToDeadline(head_->deadline_ns); }

int PollerWrap::WaitUntil(DeadlineNs deadline) {
  ReadySink sink{records_, capacity_};
  deadline_ = deadline;
  deadline = std::min(deadline, PlannedDeadline());
  DeadlineNs until = deadline;
  if (latch_ != nullptr && deadline != kPollOnce && MustLook()) {
    until = std::min(deadline, MonotonicNowNs() + kLookAfterNs);
  }
  int count = poller_->Wait(sink, until);
  if (latch_ != nullptr && (is_host_beyond_ || (sink.signals & ReadySink::kHostLoopReady) != 0)) {
    ReadyRecord unused;
    ReadySink consumed{&unused, 1};
    latch_->Wait(consumed, kPollOnce);
    sink.signals |= consumed.signals;
  }
  bool is_empty = count == 0 && sink.signals == 0;
  if (is_empty && until < deadline) return -EINTR;
  head_->now_ns = static_cast<double>(MonotonicNowNs());
  head_->signals = sink.signals;
  head_->wait_count += 1;
  if (is_empty && head_->now_ns < static_cast<double>(deadline)) head_->empty_count += 1;
  return count;
}

bool PollerWrap::HostIsPending() const {
  pollfd host = {host_loop_fd_, POLLIN, 0};
  return poll(&host, 1, 0) > 0;
}

bool PollerWrap::MustLook() const { return is_host_beyond_ || (may_be_ended_ && HostIsPending()); }

bool PollerWrap::IsInternal(int fd) const {
  return fd == host_fd_ || poller_->IsOwn(fd) || (latch_ != nullptr && latch_->IsOwn(fd));
}

int PollerWrap::WatchHostLoopEdge(int host_fd, bool may_be_ended) {
  UnwatchHostLoop();
  host_loop_fd_ = host_fd;
  may_be_ended_ = may_be_ended;
  int error = 0;
  latch_ = CreatePoller(PreferredBackend(), &error);
  if (latch_ == nullptr) return error;
  int result = latch_->Add(host_fd, kHostLoopToken, kInterestReadable, Trigger::kEdge, false);
  if (result < 0) return result;
  int limit = poller_->capabilities().fd_limit;
  int latch_fd = latch_->Descriptor();
  is_host_beyond_ = limit > 0 && latch_fd >= limit;
  if (!is_host_beyond_) result = WatchHostLoopLevel(latch_fd);
  return result < 0 ? result : latch_fd;
}

int PollerWrap::WatchHostLoopLevel(int host_fd) {
  auto add = [&] {
    return poller_->Add(host_fd, kHostLoopToken, kInterestReadable, Trigger::kLevel, false);
  };
  int result = add();
  if (result == -EEXIST) {  // under a number of ours there can only be what was closed
    poller_->Remove(host_fd);
    result = add();
  }
  if (result == 0) host_fd_ = host_fd;
  return result;
}

void PollerWrap::UnwatchHostLoop() {
  // An error means that the entry is gone already, which is what we want.
  if (host_fd_ >= 0 && poller_ != nullptr) poller_->Remove(host_fd_);
  host_fd_ = -1;
  is_host_beyond_ = false;
  latch_.reset();
}

int PollerWrap::Open(Backend backend, Block* memory) {
  int error = 0;
  poller_ = CreatePoller(backend, &error);
  if (poller_ == nullptr) return error;
  memory->Share();
  memory_ = memory;
  head_ = reinterpret_cast<SharedHead*>(memory->data);
  records_ = reinterpret_cast<ReadyRecord*>(memory->data + sizeof(SharedHead));
  capacity_ = static_cast<int>((memory->length - sizeof(SharedHead)) / sizeof(ReadyRecord));
  return 0;
}

namespace {

// The receiver of a method, when it is an open poller, or null.
template <size_t kCount>
PollerWrap* PollerOf(const Args<kCount>& args) {
  PollerWrap* wrap = PollerWrap::From(args.receiver());
  return wrap == nullptr || !wrap->is_open() ? nullptr : wrap;
}

// open(backend, block: the number of pinned memory): 0 or -errno.
int Open(const Args<2>& args) {
  PollerWrap* wrap = PollerWrap::From(args.receiver());
  uint32_t backend, number;
  if (wrap == nullptr || wrap->is_open() || !args.Uint32(0, &backend) || !args.Uint32(1, &number)) {
    return kRefused;
  }
  Block* memory = Addon::Of(args.env())->blocks.Find(number);
  if (memory == nullptr || memory->length < sizeof(SharedHead) + sizeof(ReadyRecord)) {
    return kRefused;
  }
  return wrap->Open(static_cast<Backend>(backend), memory);
}

void Close(const Args<1>& args) {
  if (PollerWrap* wrap = PollerWrap::From(args.receiver())) wrap->Close();
}

// add(fd, slot, generation, interest, trigger, exclusive: 0 | 1): 0 or -errno.
int Add(const Args<6>& args) {
  PollerWrap* wrap = PollerOf(args);
  int fd;
  Token token;
  uint32_t interest, trigger, exclusive;
  if (wrap == nullptr || !args.Fd(0, &fd) || !args.Uint32(1, &token.slot) ||
      !args.Uint32(2, &token.generation) || !args.Uint32(3, &interest) ||
      !args.Uint32(4, &trigger) || !args.Uint32(5, &exclusive) ||
      token.slot >= kFirstReservedSlot || interest > kEveryInterest) {
    return kRefused;
  }
  if (wrap->IsInternal(fd)) return -EBADF;
  return wrap->poller()->Add(fd, token, interest, static_cast<Trigger>(trigger), exclusive != 0);
}

// modify(fd, slot, generation, interest, trigger): 0 or -errno.
int Modify(const Args<5>& args) {
  PollerWrap* wrap = PollerOf(args);
  int fd;
  Token token;
  uint32_t interest, trigger;
  if (wrap == nullptr || !args.Fd(0, &fd) || !args.Uint32(1, &token.slot) ||
      !args.Uint32(2, &token.generation) || !args.Uint32(3, &interest) ||
      !args.Uint32(4, &trigger) || token.slot >= kFirstReservedSlot || interest > kEveryInterest) {
    return kRefused;
  }
  if (wrap->IsInternal(fd)) return -EBADF;
  return wrap->poller()->Modify(fd, token, interest, static_cast<Trigger>(trigger));
}

// remove(fd): 0 or -errno.
int Remove(const Args<1>& args) {
  PollerWrap* wrap = PollerOf(args);
  int fd;
  if (wrap == nullptr || !args.Fd(0, &fd)) return kRefused;
  return wrap->IsInternal(fd) ? -EBADF : wrap->poller()->Remove(fd);
}

// removeAndClose(fd): 0 or -errno of close(2). That the set does not have it is no error.
int RemoveAndClose(const Args<1>& args) {
  PollerWrap* wrap = PollerOf(args);
  int fd;
  if (wrap == nullptr || !args.Fd(0, &fd)) return kRefused;
  if (wrap->IsInternal(fd)) return -EBADF;
  wrap->poller()->Remove(fd);
  Disown(fd);
  return sys::Close(fd);
}

// wait(timeoutMs): count of records or -errno.
int Wait(const Args<1>& args) {
  PollerWrap* wrap = PollerOf(args);
  double timeout_ms;
  if (wrap == nullptr || !args.Double(0, &timeout_ms)) return kRefused;
  return wrap->WaitUntil(DeadlineAfterMs(timeout_ms));
}

// resume(): goes on with a wait that answered -EINTR; as wait.
int Resume(const Args<1>& args) {
  PollerWrap* wrap = PollerOf(args);
  return wrap == nullptr ? kRefused : wrap->Resume();
}

// notify(): 0 or -errno.
int Notify(const Args<1>& args) {
  PollerWrap* wrap = PollerOf(args);
  return wrap == nullptr ? kRefused : wrap->poller()->Notify();
}

// stamp(): writes the time to the shared head, where no number is made of it. 0.
int Stamp(const Args<1>& args) {
  PollerWrap* wrap = PollerOf(args);
  if (wrap == nullptr) return kRefused;
  wrap->head()->stamp_ns = static_cast<double>(MonotonicNowNs());
  return 0;
}

// descriptor(): the pollable descriptor, or -ENOTSUP.
int Descriptor(const Args<1>& args) {
  PollerWrap* wrap = PollerOf(args);
  return wrap == nullptr ? kRefused : wrap->poller()->Descriptor();
}

// setBusyPoll(usecs, budget, prefers: 0 | 1): 0 or -errno.
int SetBusyPoll(const Args<3>& args) {
  PollerWrap* wrap = PollerOf(args);
  uint32_t usecs, budget, prefers;
  if (wrap == nullptr || !args.Uint32(0, &usecs) || !args.Uint32(1, &budget) ||
      budget > UINT16_MAX || !args.Uint32(2, &prefers)) {
    return kRefused;
  }
  return wrap->poller()->SetBusyPoll({usecs, static_cast<uint16_t>(budget), prefers != 0});
}

// rebuild(): 0 or -errno.
int Rebuild(const Args<1>& args) {
  PollerWrap* wrap = PollerOf(args);
  return wrap == nullptr ? kRefused : wrap->poller()->Rebuild();
}

constexpr Function kFunctions[] = {{"now", Call<Now>}};

}  // namespace

Napi::Function PollerWrap::Define(Napi::Env env) {
  return DefineClass(
      env, "NativePoller",
      {Method("open", Call<edgewise::Open>), Method("close", Call<edgewise::Close>),
       Method("add", Call<Add>), Method("modify", Call<Modify>), Method("remove", Call<Remove>),
       Method("removeAndClose", Call<RemoveAndClose>), Method("wait", Call<Wait>),
       Method("resume", Call<edgewise::Resume>), Method("notify", Call<Notify>),
       Method("rebuild", Call<Rebuild>), Method("setBusyPoll", Call<edgewise::SetBusyPoll>),
       Method("descriptor", Call<edgewise::Descriptor>), Method("stamp", Call<Stamp>)});
}

void InitPoller(Napi::Object exports) {
  DefineFunctions(exports, kFunctions);
  exports.Set("NativePoller", PollerWrap::Define(exports.Env()));
}

}  // namespace edgewise
