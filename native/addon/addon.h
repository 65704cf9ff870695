// What addon.cc assembles. Each function adds its names to `exports`. A failure of Node-API leaves
// an exception pending, which ends the loading of the addon.
#pragma once

#include <napi.h>

#include "pinned.h"

namespace edgewise {

// What one environment (a thread of Node's) has of the addon, as its instance data.
class Addon : public Napi::Addon<Addon> {
 public:
  Addon(Napi::Env env, Napi::Object exports);

  static Addon* Of(Napi::Env env) { return env.GetInstanceData<Addon>(); }

  BlockTable blocks;
};

// Throws the TypeError of a constructor that takes a NativePoller.
void ThrowNoPoller(Napi::Env env);

// Reports what is pending after a call of dispatch(), which reports what handlers throw by itself:
// a defect, or the end of the thread, which cannot be caught.
void ReportDefect(napi_env env);

void InitConstants(Napi::Object exports);                   // constants.cc
void InitSocket(Napi::Object exports);                      // socket_wrap.cc
void InitIo(Napi::Object exports);                          // io_wrap.cc
void InitSource(Napi::Object exports);                      // source_wrap.cc
void InitSocketFacts(Napi::Object exports);                 // socket_facts_wrap.cc
void InitPinned(Napi::Object exports, BlockTable* blocks);  // pinned_wrap.cc
void InitDatagram(Napi::Object exports);                    // datagram_wrap.cc
void InitKernelQueue(Napi::Object exports);                 // epoll_wrap.cc or kqueue_wrap.cc
void InitPoll(Napi::Object exports);                        // poll_wrap.cc
void InitCapabilities(Napi::Object exports);                // capabilities_wrap.cc
void InitPoller(Napi::Object exports);                      // poller_wrap.cc
void InitWaker(Napi::Object exports);                       // waker_wrap.cc
void InitOwners(Napi::Object exports);                      // owners_wrap.cc
void InitSignals(Napi::Object exports);                     // signal_wrap.cc
void InitLoopDriver(Napi::Object exports);                  // loop_driver.cc
void InitThreadDriver(Napi::Object exports);                // thread_driver.cc

}  // namespace edgewise
