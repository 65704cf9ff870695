// The owners of descriptors (descriptor_owners.h) and the steering of ports for JavaScript.
#include "addon.h"
#include "args.h"
#include "descriptor_owners.h"
#include "port_steering.h"

namespace edgewise {
namespace {

// openOwner(): the number of this thread as an owner, which each worker is from its start
// (src/native.ts). What it owns is closed when its environment ends, in whatever way: by itself, by
// process.exit() or by worker.terminate().
double Open(const Args<0>& args) {
  bool is_new;
  OwnerId id = OpenOwner(&is_new);
  if (is_new) args.env().AddCleanupHook([] { CloseOwner(); });
  return static_cast<double>(id);
}

// giveDescriptor(fd, owner), takeDescriptor(fd, owner): 0 or -errno.
int Give(const Args<2>& args) {
  int fd;
  int64_t owner;
  if (!args.Fd(0, &fd) || !args.Offset(1, &owner)) return kRefused;
  return GiveDescriptor(fd, static_cast<OwnerId>(owner));
}

int Take(const Args<2>& args) {
  int fd;
  int64_t owner;
  if (!args.Fd(0, &fd) || !args.Offset(1, &owner)) return kRefused;
  return TakeDescriptor(fd, static_cast<OwnerId>(owner));
}

// ownDescriptor(fd): this thread has taken it over. disown(fd): it outlives this thread.
int Own(const Args<1>& args) {
  int fd;
  if (!args.Fd(0, &fd)) return kRefused;
  OwnByThread(fd);
  return 0;
}

int Release(const Args<1>& args) {
  int fd;
  if (!args.Fd(0, &fd)) return kRefused;
  Disown(fd);
  return 0;
}

// ownFile(path), disownFile(path): of a socket file, as bytes.
template <void (*kNote)(const std::string&)>
int NoteFile(const Args<1>& args) {
  Bytes path;
  if (!args.WholeBytes(0, &path)) return kRefused;
  kNote(std::string(reinterpret_cast<const char*>(path.data), path.length));
  return 0;
}

// steerByCpu(fd, count): 0 or -errno.
int Steer(const Args<2>& args) {
  int fd, count;
  if (!args.Fd(0, &fd) || !args.Fd(1, &count) || count == 0) return kRefused;
  return sys::SteerByCpu(fd, count);
}

}  // namespace

void InitOwners(Napi::Object exports) {
  constexpr Function functions[] = {{"openOwner", Call<Open>},
                                    {"giveDescriptor", Call<Give>},
                                    {"takeDescriptor", Call<Take>},
                                    {"ownDescriptor", Call<Own>},
                                    {"disown", Call<Release>},
                                    {"ownFile", Call<NoteFile<OwnFile>>},
                                    {"disownFile", Call<NoteFile<DisownFile>>},
                                    {"steerByCpu", Call<Steer>}};
  DefineFunctions(exports, functions);
}

}  // namespace edgewise
