// `constants` and the names in it. Their numbers are the system's own, read from its headers when the addon
// is built (native/addon/constants/*.inc has the same rows); none is written down here.
import { learnErrorNames } from '../errors.ts';
import { native } from '../native.ts';
import type { ProtocolConstant, SocketConstant } from './constants.sockets.ts';
import type { SourceConstant } from './constants.sources.ts';
import type { ErrorConstant, EventConstant, FileConstant } from './constants.system.ts';

export type {
  ErrorConstant,
  EventConstant,
  FileConstant,
  ProtocolConstant,
  SocketConstant,
  SourceConstant,
};

/** The name of a number in {@link constants}. */
export type ConstantName =
  | SocketConstant
  | ProtocolConstant
  | FileConstant
  | EventConstant
  | SourceConstant
  | ErrorConstant;

/**
 * The constants of the system's headers by their C names. A name that this system does not have is
 * undefined: `EPOLLIN` on macOS, `EVFILT_READ` on Linux. Where macOS lacks `SOCK_NONBLOCK` and
 * `SOCK_CLOEXEC`, edgewise has them and acts on them.
 *
 * Bit 31 is never a sign: `EPOLLET` is 2147483648. Note that JavaScript's `|` makes it one;
 * `epoll_ctl` takes both.
 */
export const constants: Readonly<Record<ConstantName, number>> = native.constants;

learnErrorNames(constants);
