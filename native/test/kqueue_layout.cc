// What the kqueue files rely on, asserted per system by `npm run check -- kqueue` against the
// headers of macOS, FreeBSD, NetBSD and OpenBSD. Nothing here is run.
#include <limits.h>

#include <cstddef>
#include <type_traits>

#include "kqueue_platform.h"
#include "poller.h"

namespace edgewise {
namespace {

// kqueue_poller.cc: the answer to a change carries an errno, and a descriptor fits the identifier.
static_assert(sizeof(kevent::ident) == sizeof(uintptr_t) && sizeof(kevent::ident) >= sizeof(int));
static_assert(sizeof(kevent::data) >= sizeof(int), "INT_MAX is used as a low water mark");
static_assert(sizeof(kevent::fflags) == sizeof(uint32_t), "it is a record's detail");
static_assert(std::is_trivially_copyable_v<struct kevent>);

// The action and result bits are bits, and not one another.
constexpr unsigned kFlags[] = {EV_ADD, EV_DELETE,  EV_ENABLE,   EV_DISABLE, EV_CLEAR,
                               EV_EOF, EV_RECEIPT, EV_DISPATCH, EV_ERROR,   EV_ONESHOT};
constexpr bool AreDistinctBits() {
  unsigned seen = 0;
  for (unsigned flag : kFlags) {
    if (flag == 0 || (flag & (flag - 1)) != 0 || (seen & flag) != 0) return false;
    seen |= flag;
  }
  return true;
}
static_assert(AreDistinctBits());

// Filters are numbers: never to be OR-ed together (-1 | -2 is -1).
static_assert(EVFILT_READ != EVFILT_WRITE && EVFILT_READ != EVFILT_SIGNAL);
static_assert(NOTE_LOWAT == 1);
static_assert(!kHasExceptFilter || (kExceptFilter != EVFILT_READ && kNoteOutOfBand != 0));

#if defined(__APPLE__)
static_assert(sizeof(struct kevent) == 32 && sizeof(kevent::filter) == 2);
static_assert(EVFILT_READ == -1 && EVFILT_USER == -10 && kHasExceptFilter);
#elif defined(__FreeBSD__)
static_assert(sizeof(struct kevent) == 64 && sizeof(kevent::filter) == 2);
static_assert(EVFILT_READ == -1 && EVFILT_USER == -11 && !kHasExceptFilter);
#elif defined(__NetBSD__)
static_assert(sizeof(struct kevent) == 40 && sizeof(kevent::filter) == 4);
static_assert(EVFILT_READ == 0 && std::is_unsigned_v<KernelFilter> && !kHasExceptFilter);
#elif defined(__OpenBSD__)
static_assert(sizeof(struct kevent) == 32 && sizeof(kevent::filter) == 2);
static_assert(EVFILT_READ == -1 && kHasExceptFilter);
#else
#error "a system with a kqueue that is not known here"
#endif

}  // namespace
}  // namespace edgewise
