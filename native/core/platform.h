// Facts of the platform that no back-end's capabilities show.
#pragma once

namespace edgewise {

// Whether the preferred back-end waits with nanosecond deadlines on this kernel.
bool HasNanosecondWait();

// Whether the preferred back-end can watch `fd`. Returns 0 or -errno (EPERM: it is always ready, so
// there is nothing to wait for: a regular file, a directory, /dev/null; EBADF: not open; EMFILE,
// ENFILE, ENOMEM: it cannot be found out).
int CheckPollable(int fd);

}  // namespace edgewise
