// System calls on sockets, one function each, named after the C function.
//
// All return >= 0 or -errno, never retry (EINTR comes through), and never throw. Descriptors that
// they make are close-on-exec, and a write to a socket without a reader answers EPIPE
// and raises no signal: MSG_NOSIGNAL on each send, SO_NOSIGPIPE on each new socket where the
// kernel has it. What differs between kernels is in socket_open*.cc.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>

#include "result.h"
#include "socket_address.h"

namespace edgewise::sys {

// Flags that may be joined to the type of a new socket. macOS has neither; there they are ours,
// with the values that NetBSD and FreeBSD gave them, and socket_open_darwin.cc acts on them.
#ifdef SOCK_NONBLOCK
constexpr int kSockNonblock = SOCK_NONBLOCK;
constexpr int kSockCloexec = SOCK_CLOEXEC;
#else
constexpr int kSockNonblock = 0x20000000;
constexpr int kSockCloexec = 0x10000000;
#endif

#ifdef MSG_NOSIGNAL
constexpr int kNoSignal = MSG_NOSIGNAL;
#else
constexpr int kNoSignal = 0;  // macOS: SO_NOSIGPIPE does it
#endif

// Sets SO_NOSIGPIPE where there is one; returns `fd` (which may be -errno) as it came.
int WithoutSigpipe(int fd);

int Socket(int domain, int type, int protocol);
int Socketpair(int domain, int type, int protocol, int32_t fds[2]);

// `from` may be null. `flags`: kSockNonblock, and kSockCloexec, which is always added; the new
// socket blocks unless asked otherwise, whatever its listener does.
int Accept4(int fd, AddressSlot* from, int flags);

int Bind(int fd, const AddressSlot& address);
int Listen(int fd, int backlog);
int Connect(int fd, const AddressSlot& address);
int Shutdown(int fd, int how);

int Recv(int fd, void* data, size_t length, int flags);
int Send(int fd, const void* data, size_t length, int flags);

// `from` and `to` may be null.
int Recvfrom(int fd, void* data, size_t length, int flags, AddressSlot* from);
int Sendto(int fd, const void* data, size_t length, int flags, const AddressSlot* to);

int Getsockname(int fd, AddressSlot* into);
int Getpeername(int fd, AddressSlot* into);

// Returns the length of the option's value in bytes.
int Getsockopt(int fd, int level, int option, void* value, size_t room);
int Setsockopt(int fd, int level, int option, const void* value, size_t length);

}  // namespace edgewise::sys
