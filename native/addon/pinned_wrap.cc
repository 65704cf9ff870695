// Memory at an address that native code knows: the I/O path without looking at a typed array at
// each call. src/sys/pinned.ts holds it.
//
// The block is ours. It is freed when nobody can reach it any more: neither the table of this
// thread (by number), nor the ArrayBuffer over it, wherever that was transferred to.
#include <atomic>
#include <cstdlib>
#include <vector>

#include "addon.h"
#include "args.h"
#include "io_ops.h"
#include "socket_ops.h"

namespace edgewise {
namespace {

struct Block {
  std::atomic<int> owners{2};  // the table, the ArrayBuffer
  size_t length;
  uint8_t* data;

  void Release() {
    if (owners.fetch_sub(1) > 1) return;
    std::free(data);
    delete this;
  }
};

// By number; null once unpinned. An environment has one thread, and the thread one environment.
thread_local std::vector<Block*> blocks;

void OnCollected(napi_env, void*, void* block) { static_cast<Block*>(block)->Release(); }

// pin(length): [number, ArrayBuffer]; REFUSED: no memory, or a host without external memory.
napi_value Pin(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  uint32_t length;
  if (!args.Uint32(0, &length) || length == 0) return Refuse(env);
  auto* data = static_cast<uint8_t*>(std::calloc(length, 1));
  if (data == nullptr) return Refuse(env);
  auto* block = new Block{{2}, length, data};
  napi_value buffer;
  if (napi_create_external_arraybuffer(env, data, length, OnCollected, block, &buffer) != napi_ok) {
    block->Release();
    block->Release();
    return Refuse(env);
  }
  blocks.push_back(block);
  napi_value result;
  napi_create_array_with_length(env, 2, &result);
  napi_set_element(env, result, 0, Number(env, static_cast<double>(blocks.size() - 1)));
  napi_set_element(env, result, 1, buffer);
  return result;
}

// unpin(number)
napi_value Unpin(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  uint32_t number;
  if (!args.Uint32(0, &number) || number >= blocks.size() || blocks[number] == nullptr) {
    return Refuse(env);
  }
  blocks[number]->Release();
  blocks[number] = nullptr;
  return Number(env, 0);
}

// The block's number at 0, the descriptor at 1, then offset and length, each optional.
template <size_t kCount>
bool PinnedAt(const Args<kCount>& args, int* fd, Bytes* out) {
  uint32_t number;
  if (!args.Uint32(0, &number) || number >= blocks.size() || !args.Fd(1, fd)) return false;
  const Block* block = blocks[number];
  if (block == nullptr) return false;
  *out = {block->data, block->length};
  return args.Narrow(2, out);
}

// pinnedRecv(number, fd, offset?, length?): as recv.
napi_value Recv(napi_env env, napi_callback_info info) {
  Args<4> args(env, info);
  int fd;
  Bytes bytes;
  if (!PinnedAt(args, &fd, &bytes)) return Refuse(env);
  return Number(env, sys::Recv(fd, bytes.data, bytes.length, 0));
}

// pinnedSend(number, fd, offset?, length?): as send.
napi_value Send(napi_env env, napi_callback_info info) {
  Args<4> args(env, info);
  int fd;
  Bytes bytes;
  if (!PinnedAt(args, &fd, &bytes)) return Refuse(env);
  return Number(env, sys::Send(fd, bytes.data, bytes.length, 0));
}

// pinnedRead(number, fd, offset?, length?): as read.
napi_value Read(napi_env env, napi_callback_info info) {
  Args<4> args(env, info);
  int fd;
  Bytes bytes;
  if (!PinnedAt(args, &fd, &bytes)) return Refuse(env);
  return Number(env, sys::Read(fd, bytes.data, bytes.length));
}

// pinnedWrite(number, fd, offset?, length?): as write.
napi_value Write(napi_env env, napi_callback_info info) {
  Args<4> args(env, info);
  int fd;
  Bytes bytes;
  if (!PinnedAt(args, &fd, &bytes)) return Refuse(env);
  return Number(env, sys::Write(fd, bytes.data, bytes.length));
}

}  // namespace

bool InitPinned(napi_env env, napi_value exports) {
  const Method methods[] = {{"pin", Pin},         {"unpin", Unpin},     {"pinnedRecv", Recv},
                            {"pinnedSend", Send}, {"pinnedRead", Read}, {"pinnedWrite", Write}};
  return DefineMethods(env, exports, methods);
}

}  // namespace edgewise
