#include "poller_wrap.h"

#include <errno.h>
#include <poll.h>

#include <algorithm>
#include <iterator>

#include "addon.h"
#include "args.h"
#include "clock.h"
#include "platform.h"
#include "waker_registry.h"

namespace edgewise {
namespace {

constexpr napi_type_tag kPollerTag = {0x6564676577697365, 0x706f6c6c65720001};

// How long a thread blocks at most while its host has something that it cannot be given, or cannot
// be watched: the thread may be told to end meanwhile, and a host that is pending already is told
// nothing new.
constexpr int64_t kWaitWhileHostIsPendingNs = 50 * kNsPerMs;

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

napi_value Now(napi_env env, napi_callback_info info) {
  return Number(env, static_cast<double>(MonotonicNowNs()));
}

// platformFacts(): available back-ends (one bit each), the preferred one, nanosecond waits (0, 1).
napi_value PlatformFacts(napi_env env, napi_callback_info info) {
  const uint32_t facts[] = {AvailableBackends(), static_cast<uint32_t>(PreferredBackend()),
                            HasNanosecondWait() ? 1u : 0u};
  napi_value array;
  napi_create_array_with_length(env, 3, &array);
  for (uint32_t i = 0; i < 3; i++) napi_set_element(env, array, i, Number(env, double(facts[i])));
  return array;
}

// capabilities(backend): triggers (one bit each), exclusive (0, 1), has a descriptor (0, 1), limit
// of descriptor numbers (0: none); or -errno.
napi_value CapabilitiesOf(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  uint32_t backend;
  if (!args.Uint32(0, &backend)) return Refuse(env);
  int error = 0;
  std::unique_ptr<Poller> poller = CreatePoller(static_cast<Backend>(backend), &error);
  if (poller == nullptr) return Number(env, error);
  Capabilities have = poller->capabilities();
  const double facts[] = {double(have.triggers), double(have.exclusive),
                          double(have.has_descriptor), double(have.fd_limit)};
  napi_value array;
  napi_create_array_with_length(env, 4, &array);
  for (uint32_t i = 0; i < 4; i++) napi_set_element(env, array, i, Number(env, facts[i]));
  return array;
}

}  // namespace

thread_local PollerWrap* PollerWrap::last_ = nullptr;

PollerWrap::~PollerWrap() {
  if (last_ == this) last_ = nullptr;
  Release();
}

void PollerWrap::Release() {
  if (poller_ != nullptr) CloseWakersOf(poller_.get());
  poller_.reset();
  latch_.reset();
  host_fd_ = -1;
  if (memory_ != nullptr) memory_->Release();
  memory_ = nullptr;
  head_ = nullptr;
  records_ = nullptr;
}

// The tag tells our objects from those that wrap something else, but looking it up costs more than
// all the rest. What an object of another kind wraps is at another address than a live PollerWrap.
PollerWrap* PollerWrap::From(napi_env env, napi_value value) {
  void* wrap = nullptr;
  if (napi_unwrap(env, value, &wrap) != napi_ok) return nullptr;
  if (wrap == last_) return last_;
  bool is_poller = false;
  if (napi_check_object_type_tag(env, value, &kPollerTag, &is_poller) != napi_ok || !is_poller) {
    return nullptr;
  }
  last_ = static_cast<PollerWrap*>(wrap);
  return last_;
}

int PollerWrap::Wait(DeadlineNs deadline) {
  ReadySink sink{records_, capacity_};
  deadline = std::min(deadline, ToDeadline(head_->deadline_ns));
  if (deadline != kPollOnce && (is_host_beyond_ || (latch_ != nullptr && HostIsPending()))) {
    deadline = std::min(deadline, MonotonicNowNs() + kWaitWhileHostIsPendingNs);
  }
  int count = poller_->Wait(sink, deadline);
  if ((sink.signals & ReadySink::kHostLoopReady) != 0 && latch_ != nullptr) {
    ReadyRecord unused;
    ReadySink consumed{&unused, 1};
    latch_->Wait(consumed, kPollOnce);
  }
  head_->now_ns = static_cast<double>(MonotonicNowNs());
  head_->signals = sink.signals;
  head_->wait_count += 1;
  bool is_empty = count == 0 && sink.signals == 0;
  if (is_empty && head_->now_ns < static_cast<double>(deadline)) head_->empty_count += 1;
  return count;
}

bool PollerWrap::HostIsPending() const {
  pollfd host = {host_loop_fd_, POLLIN, 0};
  return poll(&host, 1, 0) > 0;
}

int PollerWrap::WatchHostLoopEdge(int host_fd) {
  UnwatchHostLoop();
  host_loop_fd_ = host_fd;
  int error = 0;
  latch_ = CreatePoller(PreferredBackend(), &error);
  if (latch_ == nullptr) return error;
  int result = latch_->Add(host_fd, kHostLoopToken, kInterestReadable, Trigger::kEdge, false);
  if (result < 0) return result;
  int limit = poller_->capabilities().fd_limit;
  is_host_beyond_ = limit > 0 && latch_->Descriptor() >= limit;
  if (!is_host_beyond_) return WatchHostLoopLevel(latch_->Descriptor());
  latch_.reset();
  return 0;
}

int PollerWrap::WatchHostLoopLevel(int host_fd) {
  if (host_fd_ >= 0) UnwatchHostLoop();
  int result = poller_->Add(host_fd, kHostLoopToken, kInterestReadable, Trigger::kLevel, false);
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

napi_value PollerWrap::New(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  auto* wrap = new PollerWrap();
  auto finalize = [](napi_env, void* data, void*) { delete static_cast<PollerWrap*>(data); };
  if (napi_wrap(env, args.receiver(), wrap, finalize, nullptr, nullptr) != napi_ok) {
    delete wrap;
    return nullptr;
  }
  napi_type_tag_object(env, args.receiver(), &kPollerTag);
  return args.receiver();
}

// open(backend, block: the number of pinned memory): 0 or -errno.
napi_value PollerWrap::Open(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  PollerWrap* wrap = From(env, args.receiver());
  uint32_t backend, number;
  if (wrap == nullptr || wrap->is_open() || !args.Uint32(0, &backend) || !args.Uint32(1, &number)) {
    return Refuse(env);
  }
  int error = 0;
  wrap->poller_ = CreatePoller(static_cast<Backend>(backend), &error);
  if (wrap->poller_ == nullptr) return Number(env, error);
  Block* memory = ShareBlock(number);
  if (memory == nullptr || memory->length < sizeof(SharedHead) + sizeof(ReadyRecord)) {
    if (memory != nullptr) memory->Release();
    wrap->poller_.reset();
    return Refuse(env);
  }
  wrap->memory_ = memory;
  wrap->head_ = reinterpret_cast<SharedHead*>(memory->data);
  wrap->records_ = reinterpret_cast<ReadyRecord*>(memory->data + sizeof(SharedHead));
  wrap->capacity_ = static_cast<int>((memory->length - sizeof(SharedHead)) / sizeof(ReadyRecord));
  return Number(env, 0);
}

napi_value PollerWrap::Close(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  if (PollerWrap* wrap = From(env, args.receiver())) wrap->Release();
  return nullptr;
}

// add(fd, slot, generation, interest, trigger, exclusive: 0 | 1): 0 or -errno.
napi_value PollerWrap::Add(napi_env env, napi_callback_info info) {
  Args<6> args(env, info);
  PollerWrap* wrap = From(env, args.receiver());
  int fd;
  Token token;
  uint32_t interest, trigger, exclusive;
  if (wrap == nullptr || !wrap->is_open() || !args.Fd(0, &fd) || !args.Uint32(1, &token.slot) ||
      !args.Uint32(2, &token.generation) || !args.Uint32(3, &interest) ||
      !args.Uint32(4, &trigger) || !args.Uint32(5, &exclusive)) {
    return Refuse(env);
  }
  return Number(
      env, wrap->poller_->Add(fd, token, interest, static_cast<Trigger>(trigger), exclusive != 0));
}

// modify(fd, slot, generation, interest, trigger): 0 or -errno.
napi_value PollerWrap::Modify(napi_env env, napi_callback_info info) {
  Args<5> args(env, info);
  PollerWrap* wrap = From(env, args.receiver());
  int fd;
  Token token;
  uint32_t interest, trigger;
  if (wrap == nullptr || !wrap->is_open() || !args.Fd(0, &fd) || !args.Uint32(1, &token.slot) ||
      !args.Uint32(2, &token.generation) || !args.Uint32(3, &interest) ||
      !args.Uint32(4, &trigger)) {
    return Refuse(env);
  }
  return Number(env, wrap->poller_->Modify(fd, token, interest, static_cast<Trigger>(trigger)));
}

// remove(fd): 0 or -errno.
napi_value PollerWrap::Remove(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  PollerWrap* wrap = From(env, args.receiver());
  int fd;
  if (wrap == nullptr || !wrap->is_open() || !args.Fd(0, &fd)) return Refuse(env);
  return Number(env, wrap->poller_->Remove(fd));
}

// wait(timeoutMs): count of records or -errno.
napi_value PollerWrap::Wait(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  PollerWrap* wrap = From(env, args.receiver());
  double timeout_ms;
  if (wrap == nullptr || !wrap->is_open() || !args.Double(0, &timeout_ms)) return Refuse(env);
  return Number(env, wrap->Wait(DeadlineAfterMs(timeout_ms)));
}

// notify(): 0 or -errno.
napi_value PollerWrap::Notify(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  PollerWrap* wrap = From(env, args.receiver());
  if (wrap == nullptr || !wrap->is_open()) return Refuse(env);
  return Number(env, wrap->poller_->Notify());
}

// descriptor(): the pollable descriptor, or -ENOTSUP.
napi_value PollerWrap::Descriptor(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  PollerWrap* wrap = From(env, args.receiver());
  if (wrap == nullptr || !wrap->is_open()) return Refuse(env);
  return Number(env, wrap->poller_->Descriptor());
}

// rebuild(): 0 or -errno.
napi_value PollerWrap::Rebuild(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  PollerWrap* wrap = From(env, args.receiver());
  if (wrap == nullptr || !wrap->is_open()) return Refuse(env);
  return Number(env, wrap->poller_->Rebuild());
}

napi_status PollerWrap::Define(napi_env env, napi_value exports) {
  const Method methods[] = {{"open", Open},     {"close", Close},     {"add", Add},
                            {"modify", Modify}, {"remove", Remove},   {"wait", Wait},
                            {"notify", Notify}, {"rebuild", Rebuild}, {"descriptor", Descriptor}};
  napi_property_descriptor properties[std::size(methods)] = {};
  for (size_t i = 0; i < std::size(methods); i++) {
    properties[i].utf8name = methods[i].name;
    properties[i].method = methods[i].callback;
    properties[i].attributes = napi_default_method;
  }
  napi_value constructor;
  napi_status status = napi_define_class(env, "NativePoller", NAPI_AUTO_LENGTH, New, nullptr,
                                         std::size(properties), properties, &constructor);
  if (status != napi_ok) return status;
  return napi_set_named_property(env, exports, "NativePoller", constructor);
}

bool InitPoller(napi_env env, napi_value exports) {
  const Method methods[] = {
      {"now", Now}, {"platformFacts", PlatformFacts}, {"capabilities", CapabilitiesOf}};
  return DefineMethods(env, exports, methods) && PollerWrap::Define(env, exports) == napi_ok;
}

}  // namespace edgewise
