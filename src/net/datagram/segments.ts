// One buffer that leaves as several datagrams. The kernel cuts it where it can (UDP_SEGMENT: one walk
// down the stack for up to 64 datagrams); else it is cut here, into the messages of one sendmmsg.
//
// An old kernel, and a Unix socket, pass over UDP_SEGMENT and would send one datagram: so the option
// is asked for first. A device without checksums says EIO; a segment that the path does not take in
// one packet is EINVAL or EMSGSIZE, and must be cut here so that IP can fragment it. What was refused
// once is not tried again.
import { constants as os } from 'node:os';
import type { AddressInput } from '../../address.ts';
import * as sys from '../../sys/index.ts';
import type { DatagramStats } from './options.ts';

const { EINVAL, EIO, EMSGSIZE, ENOPROTOOPT, EOPNOTSUPP } = os.errno;
const { IPPROTO_UDP, UDP_SEGMENT } = sys.constants;
/** What the kernel cuts in one call, in datagrams and in bytes (of IPv4, the lower of the two). */
const COUNT_MAX = 64;
const BYTES_MAX = 65_507;

/** How many datagrams `length` bytes are; `size` 0: one. */
export function segmentCount(length: number, size: number): number {
  return size === 0 || length <= size ? 1 : Math.ceil(length / size);
}

export class SegmentSender {
  readonly #fd: number;
  readonly #stats: DatagramStats;
  /** Sizes from this one on are cut here; undefined: the kernel was not asked yet. */
  #refusedFrom: number | undefined = undefined;

  constructor(fd: number, stats: DatagramStats) {
    this.#fd = fd;
    this.#stats = stats;
  }

  /**
   * Sends the datagrams of `size` bytes from `offset` on that one call takes.
   *
   * @returns their bytes, or -errno when the first could not be sent.
   */
  send(bytes: Uint8Array, offset: number, size: number, to: AddressInput | undefined): number {
    const left = bytes.length - offset;
    if (size < this.#limit()) {
      const countMax = Math.min(COUNT_MAX, Math.floor(BYTES_MAX / size));
      const length = Math.min(left, countMax * size);
      const result = sys.sendSegments(this.#fd, bytes, offset, length, size, to);
      if (!this.isRefused(result, size)) {
        if (result > size) this.#stats.segmentsSent += segmentCount(result, size);
        return result;
      }
    }
    return sys.sendApart(this.#fd, bytes, offset, left, size, to);
  }

  /** Whether `result` says that the kernel does not cut this. Remembers it. */
  isRefused(result: number, size: number): boolean {
    if (result >= 0 || size === 0) return false;
    if (result === -EIO || result === -ENOPROTOOPT || result === -EOPNOTSUPP) {
      this.#refusedFrom = 0;
      return true;
    }
    if (result !== -EINVAL && result !== -EMSGSIZE) return false;
    this.#refusedFrom = Math.min(size, this.#limit());
    return true;
  }

  /** How many of the first `count` messages sendmmsg may be given as they are. */
  countPlain({ lengths, segmentSizes }: sys.MessageBatch, count: number): number {
    for (let i = 0; i < count; i++) {
      const size = segmentSizes[i] as number;
      const length = lengths[i] as number;
      if (size === 0 || length <= size) continue;
      const isTooMuch = length > BYTES_MAX || length > size * COUNT_MAX;
      if (isTooMuch || size >= this.#limit()) return i;
    }
    return count;
  }

  #limit(): number {
    if (this.#refusedFrom === undefined) {
      const isKnown =
        UDP_SEGMENT !== undefined &&
        sys.getsockopt(this.#fd, IPPROTO_UDP, UDP_SEGMENT, new Int32Array(1)) >= 0;
      this.#refusedFrom = isKnown ? BYTES_MAX : 0;
    }
    return this.#refusedFrom;
  }
}
