// Terminals: termios(3), as opaque bytes that come from TcGetAttr and go back to TcSetAttr. The
// same on every Unix. All return >= 0 or -errno.
#pragma once

#include <termios.h>

namespace edgewise::sys {

// Returns 1, or -errno: ENOTTY when `fd` is no terminal.
int IsATty(int fd);

int TcGetAttr(int fd, termios* into);

// `action`: TCSANOW, TCSADRAIN, TCSAFLUSH.
int TcSetAttr(int fd, int action, const termios& attributes);

// Changes `attributes` to those of a raw terminal. Returns 0.
int CfMakeRaw(termios* attributes);

}  // namespace edgewise::sys
