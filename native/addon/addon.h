// What addon.cc assembles. Each function adds its names to `exports` and answers false when
// Node-API failed, which leaves an exception pending.
#pragma once

#include <node_api.h>

namespace edgewise {

bool InitConstants(napi_env env, napi_value exports);    // constants.cc
bool InitSocket(napi_env env, napi_value exports);       // socket_wrap.cc
bool InitIo(napi_env env, napi_value exports);           // io_wrap.cc
bool InitSource(napi_env env, napi_value exports);       // source_wrap.cc
bool InitSocketFacts(napi_env env, napi_value exports);  // socket_facts_wrap.cc
bool InitPinned(napi_env env, napi_value exports);       // pinned_wrap.cc
bool InitDatagram(napi_env env, napi_value exports);     // datagram_wrap.cc
bool InitKernelQueue(napi_env env, napi_value exports);  // epoll_wrap.cc or kqueue_wrap.cc
bool InitPoller(napi_env env, napi_value exports);       // poller_wrap.cc
bool InitWaker(napi_env env, napi_value exports);        // waker_wrap.cc
bool InitSignal(napi_env env, napi_value exports);       // signal_wrap.cc
bool InitLoopDriver(napi_env env, napi_value exports);   // loop_driver.cc

}  // namespace edgewise
