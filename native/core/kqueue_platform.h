// The kqueue header of this system and what differs between systems: field types (NetBSD's filter
// and flags have 32 bits and its EVFILT_READ is 0) and filters that not every system has.
// struct kevent is used by its field names only: it has 32 bytes on macOS and OpenBSD, 40 on
// NetBSD, 64 on FreeBSD. native/test/kqueue_layout.cc asserts what is relied on.
#pragma once

#include <sys/types.h>

#include <sys/event.h>
#include <sys/time.h>

#include <cstdint>

namespace edgewise {

using KernelFilter = decltype(kevent::filter);
using KernelFlags = decltype(kevent::flags);
using KernelFflags = decltype(kevent::fflags);

// Out-of-band data has a filter of its own on macOS and OpenBSD, and none elsewhere.
#if defined(EVFILT_EXCEPT) && defined(NOTE_OOB)
constexpr bool kHasExceptFilter = true;
constexpr KernelFilter kExceptFilter = EVFILT_EXCEPT;
constexpr KernelFflags kNoteOutOfBand = NOTE_OOB;
#else
constexpr bool kHasExceptFilter = false;
constexpr KernelFilter kExceptFilter = EVFILT_READ;
constexpr KernelFflags kNoteOutOfBand = 0;
#endif

// Fills one change. The casts are for FreeBSD, where EV_SET is a braced initializer, which allows
// no narrowing; the literal 0 is for NetBSD before 10, where udata is an integer.
inline struct kevent MakeChange(int fd, KernelFilter filter, unsigned flags, KernelFflags fflags,
                                int64_t data) {
  struct kevent change;
  EV_SET(&change, static_cast<uintptr_t>(fd), filter, static_cast<KernelFlags>(flags), fflags,
         static_cast<decltype(change.data)>(data), 0);
  return change;
}

}  // namespace edgewise
