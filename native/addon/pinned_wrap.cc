// Memory at an address that native code knows: the I/O path without looking at a typed array at
// each call. src/sys/pinned.ts holds it.
//
// The block is ours. It is freed when nothing can reach it any more: neither the table of its
// environment (by number), nor native code, nor the ArrayBuffer over it, wherever that was
// transferred to.
#include "pinned.h"

#include <algorithm>
#include <cstdlib>

#include "addon.h"
#include "args.h"
#include "io_ops.h"
#include "socket_ops.h"

namespace edgewise {
namespace {

// pin(length): [number, ArrayBuffer]; REFUSED: no memory, or a host without external memory.
Napi::Value Pin(const ArgsWith<1, BlockTable>& args) {
  Napi::Env env = args.env();
  Napi::Value refused = Napi::Number::New(env, kRefused);
  uint32_t length;
  if (!args.Uint32(0, &length) || length == 0) return refused;
  auto* data = static_cast<uint8_t*>(std::calloc(length, 1));
  if (data == nullptr) return refused;
  auto* block = new Block(data, length);
  auto release = [](Napi::BasicEnv, void*, Block* collected) { collected->Release(); };
  auto buffer = Napi::ArrayBuffer::New(env, data, length, release, block);
  if (buffer.IsEmpty()) {  // the exception of a thread that is being terminated is never pending
    if (env.IsExceptionPending()) env.GetAndClearPendingException();
    block->Release();
    return refused;
  }
  Napi::Array result = Napi::Array::New(env, 2);
  result.Set(0u, static_cast<double>(args.data()->Enter(block)));
  result.Set(1u, buffer);
  return result;
}

// unpin(number)
int Unpin(const ArgsWith<1, BlockTable>& args) {
  auto* blocks = args.data();
  uint32_t number;
  if (!args.Uint32(0, &number) || blocks->Find(number) == nullptr) return kRefused;
  blocks->Remove(number);
  return 0;
}

using PinnedArgs = ArgsWith<4, BlockTable>;

// The block's number at 0, the descriptor at 1, then offset and length, each optional.
bool PinnedAt(const PinnedArgs& args, int* fd, Bytes* out) {
  uint32_t number;
  if (!args.Uint32(0, &number) || !args.Fd(1, fd)) return false;
  const Block* block = args.data()->Find(number);
  if (block == nullptr) return false;
  *out = {block->data, block->length};
  return args.Narrow(2, out);
}

// pinnedRecv(number, fd, offset?, length?): as recv.
int Recv(const PinnedArgs& args) {
  int fd;
  Bytes bytes;
  if (!PinnedAt(args, &fd, &bytes)) return kRefused;
  return sys::Recv(fd, bytes.data, bytes.length, 0);
}

// pinnedSend(number, fd, offset?, length?): as send.
int Send(const PinnedArgs& args) {
  int fd;
  Bytes bytes;
  if (!PinnedAt(args, &fd, &bytes)) return kRefused;
  return sys::Send(fd, bytes.data, bytes.length, 0);
}

// pinnedRead(number, fd, offset?, length?): as read.
int Read(const PinnedArgs& args) {
  int fd;
  Bytes bytes;
  if (!PinnedAt(args, &fd, &bytes)) return kRefused;
  return sys::Read(fd, bytes.data, bytes.length);
}

// pinnedWrite(number, fd, offset?, length?): as write.
int Write(const PinnedArgs& args) {
  int fd;
  Bytes bytes;
  if (!PinnedAt(args, &fd, &bytes)) return kRefused;
  return sys::Write(fd, bytes.data, bytes.length);
}

}  // namespace

void Block::Release() {
  if (owners_.fetch_sub(1) > 1) return;
  std::free(data);
  delete this;
}

BlockTable::~BlockTable() {
  for (Block* block : blocks_) {
    if (block != nullptr) block->Release();
  }
}

uint32_t BlockTable::Enter(Block* block) {
  block->Share();
  auto free = std::find(blocks_.begin(), blocks_.end(), nullptr);
  auto number = static_cast<uint32_t>(free - blocks_.begin());
  if (free == blocks_.end()) {
    blocks_.push_back(block);
  } else {
    *free = block;
  }
  return number;
}

void BlockTable::Remove(uint32_t number) {
  blocks_[number]->Release();
  blocks_[number] = nullptr;
}

void InitPinned(Napi::Object exports, BlockTable* blocks) {
  constexpr Function functions[] = {{"pin", Call<Pin>},         {"unpin", Call<Unpin>},
                                    {"pinnedRecv", Call<Recv>}, {"pinnedSend", Call<Send>},
                                    {"pinnedRead", Call<Read>}, {"pinnedWrite", Call<Write>}};
  DefineFunctions(exports, functions, blocks);
}

}  // namespace edgewise
