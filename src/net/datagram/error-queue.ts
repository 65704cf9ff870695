// What the network says of datagrams that were sent earlier: the error queue of a socket (IP_RECVERR,
// IPV6_RECVERR; Linux), in which each error has the address that it is about, and the pending error
// (SO_ERROR), which every system has.
//
// The kernel keeps each error twice: in the queue, and as the pending error that the next call on the
// socket fails with. The call that meets the pending error comes here, and only the queue is reported.
// Reading the queue to its end also takes the pending error away. While there is an entry, poll(2)
// says error.
import { constants as os } from 'node:os';
import { errnoError } from '../../errors.ts';
import * as sys from '../../sys/index.ts';
import { errorContextOf } from '../socket/address.ts';
import { takePendingError } from '../socket/error.ts';
import type { DatagramState } from './state.ts';

const { EINTR } = os.errno;
const { SO_EE_ORIGIN_LOCAL, SO_EE_ORIGIN_ZEROCOPY } = sys.constants;
/** Of one visit: more than a receive buffer, which has to hold them, has room for in practice. */
const ENTRY_COUNT_MAX = 65_536;

// One for the thread: it is read before anything else can run.
const entry = new sys.ExtendedError();

/**
 * Asks for the errors of IPv4, and for a socket of IPv6 those of IPv6 as well.
 *
 * @returns 0 or -errno.
 * @see ip(7) "IP_RECVERR"
 */
export function enableErrorQueue(fd: number, isV6: boolean): number {
  const { IPPROTO_IP, IP_RECVERR, IPPROTO_IPV6, IPV6_RECVERR } = sys.constants;
  const result = isV6 ? sys.setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, 1) : 0;
  return result < 0 ? result : sys.setsockopt(fd, IPPROTO_IP, IP_RECVERR, 1);
}

/**
 * Empties the error queue of a socket that has one, and reports its entries.
 *
 * @returns how many entries there were.
 */
export function takeQueuedErrors<Data>(state: DatagramState<Data>): number {
  if (!state.settings.hasErrorQueue) return 0;
  for (let count = 0; count < ENTRY_COUNT_MAX; count++) {
    const result = sys.receiveError(state.fd, entry);
    if (result === -EINTR) continue;
    if (result < 0) return count;
    const { origin, errno } = entry;
    // What this machine itself refused was reported by the send that met it.
    if (origin === SO_EE_ORIGIN_LOCAL || origin === SO_EE_ORIGIN_ZEROCOPY || errno === 0) continue;
    state.reportError(() => entryError(errno));
  }
  return ENTRY_COUNT_MAX;
}

/** Takes away all errors of a socket that does not receive. Unread, they would be ready for ever. */
export function takePendingErrors<Data>(state: DatagramState<Data>): void {
  takeQueuedErrors(state);
  const { fd } = state;
  const result = takePendingError(fd);
  if (result < 0) state.reportError(() => errnoError(result, 'getsockopt', { fd }));
}

function entryError(errno: number): Error {
  const { info } = entry;
  const context = errorContextOf(entry.to);
  return errnoError(-errno, 'send', info === 0 ? context : { ...context, mtu: info });
}
