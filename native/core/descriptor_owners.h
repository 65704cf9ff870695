// Which thread a descriptor belongs to: threads may be ended at any point.
//
// The descriptor table is the process's: what a thread has open stays open when it ends. A thread
// that calls OpenOwner is written down as the owner of each descriptor that it makes from then on
// by OwnByThread, and CloseOwner, called when it ends, closes what is left. Handing a descriptor to
// another such thread is one step, so at any time exactly one of the two closes it.
//
// What is written down is a number, which the kernel gives out anew as soon as it is closed. So
// every call that makes a descriptor goes through OwnByThread, and every close through Disown, on
// every thread, owner or not. What is closed past them (close(2) in another library, fs.close)
// leaves a number behind that may be another file's by the time its owner ends: such a number is
// distinguished from ours by the device and inode noted with it, and left alone. Anonymous files
// (eventfd, timerfd, epoll), and sockets on macOS, have one for all: of these one may be taken for
// another.
//
// All functions may be called from any thread. OwnByThread and Disown take no lock; the first costs
// an owner one fstat(2), and a thread that is none next to nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace edgewise {

using OwnerId = uint64_t;  // from 1 on, below 2^53; 0: a thread that is no owner

// Makes the calling thread an owner, or answers which one it is already; `is_new`: whether it was
// made one now.
OwnerId OpenOwner(bool* is_new);

// The calling thread is no owner any more: closes what it owns, and removes its socket files.
// Returns how many descriptors that were.
int CloseOwner();

// Notes the new descriptor `fd`, when it is one (>= 0), as the calling thread's, or as no one's
// when that is no owner. The same takes over a descriptor that another thread has made. Returns
// `fd`.
int OwnByThread(int fd);

// The same for several, when `result` is no error. Returns `result`.
int OwnByThread(int result, const int32_t* fds, size_t count);

// To be called before `fd` is closed, or to have it outlive its owner, by any thread: afterwards
// it, or its number, may be another's.
void Disown(int fd);

// Hands `fd` of the calling thread to `to`. Returns 0 or -errno. ESRCH: `to` has ended, the
// descriptor stays the caller's. EPERM: it is another thread's.
int GiveDescriptor(int fd, OwnerId to);

// Takes back what was given to `from`. Returns 0 or -errno. ESRCH: it is not `from`'s any more.
int TakeDescriptor(int fd, OwnerId from);

// Notes a socket file of the calling thread, which CloseOwner removes if it is still the same.
// Nothing of a thread that is no owner.
void OwnFile(const std::string& path);
void DisownFile(const std::string& path);

}  // namespace edgewise
