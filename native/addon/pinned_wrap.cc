// Memory at an address that native code knows: the I/O path without looking at a typed array at
// each call. src/sys/pinned.ts holds it.
//
// The block is ours. It is freed when nobody can reach it any more: neither the table of this
// thread (by number), nor native code, nor the ArrayBuffer over it, wherever that was transferred
// to.
#include "pinned.h"

#include <cstdlib>
#include <vector>

#include "addon.h"
#include "args.h"
#include "io_ops.h"
#include "socket_ops.h"

namespace edgewise {
namespace {

// The blocks of this thread by number; null once unpinned. An environment has one thread, and the
// thread one environment.
struct Table {
  std::vector<Block*> blocks;

  ~Table() {
    for (Block* block : blocks) {
      if (block != nullptr) block->Release();
    }
  }

  size_t Enter(Block* block) {
    for (size_t i = 0; i < blocks.size(); i++) {
      if (blocks[i] != nullptr) continue;
      blocks[i] = block;
      return i;
    }
    blocks.push_back(block);
    return blocks.size() - 1;
  }

  Block* Find(uint32_t number) const { return number < blocks.size() ? blocks[number] : nullptr; }
};

thread_local Table table;

void OnCollected(napi_env, void*, void* block) { static_cast<Block*>(block)->Release(); }

// pin(length): [number, ArrayBuffer]; REFUSED: no memory, or a host without external memory.
napi_value Pin(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  uint32_t length;
  if (!args.Uint32(0, &length) || length == 0) return Refuse(env);
  auto* data = static_cast<uint8_t*>(std::calloc(length, 1));
  if (data == nullptr) return Refuse(env);
  auto* block = new Block(data, length);
  napi_value buffer;
  if (napi_create_external_arraybuffer(env, data, length, OnCollected, block, &buffer) != napi_ok) {
    block->Release();
    block->Release();
    return Refuse(env);
  }
  size_t number = table.Enter(block);
  napi_value result;
  napi_create_array_with_length(env, 2, &result);
  napi_set_element(env, result, 0, Number(env, static_cast<double>(number)));
  napi_set_element(env, result, 1, buffer);
  return result;
}

// unpin(number)
napi_value Unpin(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  uint32_t number;
  if (!args.Uint32(0, &number) || table.Find(number) == nullptr) return Refuse(env);
  table.blocks[number]->Release();
  table.blocks[number] = nullptr;
  return Number(env, 0);
}

// The block's number at 0, the descriptor at 1, then offset and length, each optional.
template <size_t kCount>
bool PinnedAt(const Args<kCount>& args, int* fd, Bytes* out) {
  uint32_t number;
  if (!args.Uint32(0, &number) || !args.Fd(1, fd)) return false;
  const Block* block = table.Find(number);
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

void Block::Release() {
  if (owners_.fetch_sub(1) > 1) return;
  std::free(data);
  delete this;
}

Block* ShareBlock(uint32_t number) {
  Block* block = table.Find(number);
  if (block != nullptr) block->Share();
  return block;
}

bool InitPinned(napi_env env, napi_value exports) {
  const Method methods[] = {{"pin", Pin},         {"unpin", Unpin},     {"pinnedRecv", Recv},
                            {"pinnedSend", Send}, {"pinnedRead", Read}, {"pinnedWrite", Write}};
  return DefineMethods(env, exports, methods);
}

}  // namespace edgewise
