// What the network says of datagrams that were sent earlier: the error queue of a socket (IP_RECVERR,
// IPV6_RECVERR; Linux), where each error stands with the address that it is about.
//
// The kernel keeps each error twice: in the queue, and as the pending error that the next call on the
// socket fails with. Whoever meets the pending error comes here, and only the queue is told. Reading
// the queue to its end also takes the pending error away. While there is an entry, poll(2) says error.
import { constants as os } from 'node:os';
import { errnoError } from '../../errors.ts';
import * as sys from '../../sys/index.ts';
import type { DatagramNews } from './news.ts';
import { contextOf } from './send.ts';

const { EINTR } = os.errno;
const { SO_EE_ORIGIN_LOCAL, SO_EE_ORIGIN_ZEROCOPY } = sys.constants;
/** Of one visit: more than a receive buffer, whose room they take, holds in practice. */
const ENTRIES_MAX = 65_536;

const entry = new sys.ExtendedError();

/** Asks for the errors of IPv4, and for a socket of IPv6 those of IPv6 as well. @returns 0 or -errno. */
export function enableErrorQueue(fd: number, isV6: boolean): number {
  const { IPPROTO_IP, IP_RECVERR, IPPROTO_IPV6, IPV6_RECVERR } = sys.constants;
  const result = isV6 ? sys.setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, 1) : 0;
  return result < 0 ? result : sys.setsockopt(fd, IPPROTO_IP, IP_RECVERR, 1);
}

export class DatagramErrors<Data> {
  readonly #fd: number;
  readonly #news: DatagramNews<Data>;

  constructor(fd: number, news: DatagramNews<Data>) {
    this.#fd = fd;
    this.#news = news;
  }

  /** Tells what is queued. @returns how many entries there were. */
  take(): number {
    for (let count = 0; count < ENTRIES_MAX; count++) {
      const result = sys.receiveError(this.#fd, entry);
      if (result === -EINTR) continue;
      if (result < 0) return count;
      // What this machine itself refused, the send that met it has told.
      const { origin, errno } = entry;
      if (origin === SO_EE_ORIGIN_LOCAL || origin === SO_EE_ORIGIN_ZEROCOPY || errno === 0)
        continue;
      this.#news.addError(() => this.#makeError(errno));
    }
    return ENTRIES_MAX;
  }

  #makeError(errno: number): Error {
    const { info } = entry;
    const context = contextOf(entry.to);
    return errnoError(-errno, 'send', info === 0 ? context : { ...context, mtu: info });
  }
}
