// Socket addresses as the kernel has them, in memory that JavaScript owns.
//
// An `AddressSlot` is a sockaddr with its length in front. TypeScript keeps one per SocketAddress
// object (src/address.ts) and one per message of a batch; system calls read and write it in
// place, so that a datagram can be answered without its address ever becoming text.
// Man pages: ip(7), ipv6(7), unix(7), inet_pton(3).
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>

namespace edgewise {

struct AddressSlot {
  uint32_t length;  // of the sockaddr; 0: no address. Written by JavaScript too: see IsValid
  uint32_t reserved;
  sockaddr_storage storage;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  bool IsValid() const { return length <= sizeof(storage); }

  // The kernel reports the length that the address has, even if it cut it to the room it had.
  void SetLength(socklen_t reported) {
    length = reported < sizeof(storage) ? static_cast<uint32_t>(reported) : sizeof(storage);
  }
};
static_assert(sizeof(AddressSlot) % 8 == 0, "slots stand in rows in the arena of a batch");

// What a slot holds. The numbers cross into TypeScript (src/address.ts).
enum class AddressKind : int32_t {
  kNone = 0,  // no address, or an unnamed Unix socket's
  kIpv4 = 1,
  kIpv6 = 2,
  kPath = 3,      // Unix, a path of the file system
  kAbstract = 4,  // Unix, a name of Linux's abstract namespace
  kOther = 5,     // a family that edgewise does not know
};

constexpr size_t kAddressTextMax = 80;  // an IPv6 address, '%' and a network interface's name

// Each Set… fills the slot and returns 0 or -errno.

// The address that dissolves a datagram socket's association (AF_UNSPEC, connect(2)).
int SetUnspecified(AddressSlot* slot);

// `text` is an IPv4 or IPv6 address, terminated, the latter with or without `%zone`, a network
// interface by name or number. EINVAL: it is neither. ENODEV: no such network interface.
int SetInet(AddressSlot* slot, const char* text, uint16_t port);

// EINVAL: empty, or with a zero byte. ENAMETOOLONG: longer than UnixPathMax().
int SetUnixPath(AddressSlot* slot, const uint8_t* path, size_t length);

// Any bytes. ENAMETOOLONG: longer than UnixPathMax(). ENOTSUP: not Linux.
int SetUnixAbstract(AddressSlot* slot, const uint8_t* name, size_t length);

// Longest path or abstract name, in bytes.
size_t UnixPathMax();

AddressKind KindOf(const AddressSlot& slot);

// The port of an IPv4 or IPv6 address, else 0.
uint16_t PortOf(const AddressSlot& slot);

// Writes the numeric text of an IPv4 or IPv6 address, with `%interface` when it has a scope.
// Returns the length of the text, 0 for other kinds.
size_t InetText(const AddressSlot& slot, char (&text)[kAddressTextMax]);

// Points `name` at the path or abstract name inside the slot and returns its length.
size_t UnixName(const AddressSlot& slot, const uint8_t** name);

}  // namespace edgewise
