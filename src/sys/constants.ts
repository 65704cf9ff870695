// `constants`, and the names in it. Their numbers are the system's own, read from its headers when
// the addon is built; none is written down here. The names are made from the same table
// (native/addon/constants/, scripts/generate-constants.mjs).
import { learnErrorNames } from '../errors.ts';
import { native } from '../native.ts';
import type { ConstantName } from './constants.names.ts';

export type {
  ConstantName,
  ErrorConstant,
  EventConstant,
  FileConstant,
  ProtocolConstant,
  SocketConstant,
  SourceConstant,
} from './constants.names.ts';

/**
 * The constants of the system's headers by their C names. A name that this system does not have is
 * undefined: `EPOLLIN` on macOS, `EVFILT_READ` on Linux. Where macOS lacks `SOCK_NONBLOCK` and
 * `SOCK_CLOEXEC`, edgewise has them and acts on them.
 *
 * Bit 31 is never a sign: `EPOLLET` is 2147483648. Note that JavaScript's `|` makes it one;
 * `epoll_ctl` takes both.
 */
export const constants = native.constants as Readonly<Record<ConstantName, number>>;

learnErrorNames(constants);
