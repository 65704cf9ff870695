// Text and names to sockaddr and back. The BSDs keep a length byte in front of the family, which
// the kernel fills in by itself on the way in, and ignores; so no code here writes it.
// Everything is copied in and out of the slot: no sockaddr_in is read through a cast pointer.
#include "socket_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace edgewise {
namespace {

constexpr size_t kPathOffset = offsetof(sockaddr_un, sun_path);

#ifdef __linux__
constexpr bool kHasAbstractNames = true;
#else
constexpr bool kHasAbstractNames = false;
#endif

template <typename Address>
int Store(AddressSlot* slot, const Address& address, size_t length = sizeof(Address)) {
  static_assert(sizeof(Address) <= sizeof(slot->storage), "a sockaddr fits its storage");
  memcpy(&slot->storage, &address, length);
  slot->length = static_cast<uint32_t>(length);
  return 0;
}

// Copies what the slot holds, zeros behind its length.
template <typename Address>
Address Load(const AddressSlot& slot) {
  Address address = {};
  size_t length = slot.length < sizeof(address) ? slot.length : sizeof(address);
  memcpy(&address, &slot.storage, length);
  return address;
}

// A scope is a network interface, by name or by number.
bool ParseZone(const char* zone, uint32_t* scope) {
  *scope = if_nametoindex(zone);
  if (*scope != 0) return true;
  char* end = nullptr;
  unsigned long number = strtoul(zone, &end, 10);
  if (*zone < '0' || *zone > '9' || *end != '\0' || number > UINT32_MAX) return false;
  *scope = static_cast<uint32_t>(number);
  return true;
}

int SetInet6(AddressSlot* slot, const char* text, uint16_t port) {
  sockaddr_in6 address = {};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  char bare[kAddressTextMax];
  const char* zone = strchr(text, '%');
  size_t length = zone == nullptr ? strlen(text) : static_cast<size_t>(zone - text);
  if (length >= sizeof(bare)) return -EINVAL;
  memcpy(bare, text, length);
  bare[length] = '\0';
  if (inet_pton(AF_INET6, bare, &address.sin6_addr) != 1) return -EINVAL;
  if (zone != nullptr) {
    uint32_t scope;
    if (!ParseZone(zone + 1, &scope)) return -ENODEV;
    address.sin6_scope_id = scope;
  }
  return Store(slot, address);
}

size_t AppendZone(uint32_t scope, char* text, size_t room) {
  char name[IF_NAMESIZE];
  int length = if_indextoname(scope, name) == nullptr
                   ? snprintf(text, room, "%%%u", scope)  // the interface is gone by now
                   : snprintf(text, room, "%%%s", name);
  return static_cast<size_t>(length);
}

const uint8_t* PathOf(const AddressSlot& slot) {
  return reinterpret_cast<const uint8_t*>(&slot.storage) + kPathOffset;
}

// An unnamed socket has no path at all, and on the BSDs an empty one.
AddressKind UnixKindOf(const AddressSlot& slot) {
  if (slot.length <= kPathOffset) return AddressKind::kNone;
  if (PathOf(slot)[0] != 0) return AddressKind::kPath;
  return kHasAbstractNames ? AddressKind::kAbstract : AddressKind::kNone;
}

}  // namespace

int SetUnspecified(AddressSlot* slot) {
  sockaddr_in address = {};
  address.sin_family = AF_UNSPEC;
  return Store(slot, address);
}

int SetInet(AddressSlot* slot, const char* text, uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (inet_pton(AF_INET, text, &address.sin_addr) == 1) return Store(slot, address);
  return SetInet6(slot, text, port);
}

size_t UnixPathMax() { return sizeof(sockaddr_un::sun_path) - 1; }

int SetUnixPath(AddressSlot* slot, const uint8_t* path, size_t length) {
  if (length == 0 || memchr(path, 0, length) != nullptr) return -EINVAL;
  if (length > UnixPathMax()) return -ENAMETOOLONG;
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, path, length);
  return Store(slot, address, kPathOffset + length + 1);
}

int SetUnixAbstract(AddressSlot* slot, const uint8_t* name, size_t length) {
  if (!kHasAbstractNames) return -ENOTSUP;
  if (length > UnixPathMax()) return -ENAMETOOLONG;
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (length > 0) memcpy(address.sun_path + 1, name, length);
  return Store(slot, address, kPathOffset + 1 + length);
}

AddressKind KindOf(const AddressSlot& slot) {
  if (!slot.IsValid() || slot.length <= offsetof(sockaddr_storage, ss_family)) {
    return AddressKind::kNone;
  }
  switch (slot.storage.ss_family) {
    case AF_UNSPEC: return AddressKind::kNone;
    case AF_INET: return AddressKind::kIpv4;
    case AF_INET6: return AddressKind::kIpv6;
    case AF_UNIX: return UnixKindOf(slot);
    default: return AddressKind::kOther;
  }
}

uint16_t PortOf(const AddressSlot& slot) {
  switch (KindOf(slot)) {
    case AddressKind::kIpv4: return ntohs(Load<sockaddr_in>(slot).sin_port);
    case AddressKind::kIpv6: return ntohs(Load<sockaddr_in6>(slot).sin6_port);
    default: return 0;
  }
}

size_t InetText(const AddressSlot& slot, char (&text)[kAddressTextMax]) {
  AddressKind kind = KindOf(slot);
  if (kind == AddressKind::kIpv4) {
    sockaddr_in address = Load<sockaddr_in>(slot);
    inet_ntop(AF_INET, &address.sin_addr, text, sizeof(text));
    return strlen(text);
  }
  if (kind != AddressKind::kIpv6) return 0;
  sockaddr_in6 address = Load<sockaddr_in6>(slot);
  inet_ntop(AF_INET6, &address.sin6_addr, text, sizeof(text));
  size_t length = strlen(text);
  if (address.sin6_scope_id == 0) return length;
  return length + AppendZone(address.sin6_scope_id, text + length, sizeof(text) - length);
}

// A path ends at its first zero byte or, when it fills sun_path, without one.
size_t UnixName(const AddressSlot& slot, const uint8_t** name) {
  if (!slot.IsValid() || slot.length <= kPathOffset) return 0;
  const uint8_t* path = PathOf(slot);
  size_t room = slot.length - kPathOffset;
  bool is_path = path[0] != 0;
  *name = is_path ? path : path + 1;
  return is_path ? strnlen(reinterpret_cast<const char*>(path), room) : room - 1;
}

}  // namespace edgewise
