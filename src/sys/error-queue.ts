// The error queue of a socket, which Linux has beside the one of data: what the network said of
// earlier sends, and when memory that is sent without a copy is free again.
import { SocketAddress, slotOf } from '../address.ts';
import { invalidType } from '../errors.ts';
import { native } from '../native.ts';
import { checkBytes, checkFd, REFUSED, refuseUnnamed } from '../validate.ts';
import { constants } from './constants.ts';

const RECORD_SIZE = 20; // ExtendedError of native/core/error_queue.h

/**
 * One entry of an error queue, filled in by {@link receiveError}. Reuse it.
 *
 * @see ip(7) "IP_RECVERR"; the kernel's Documentation/networking/msg_zerocopy.rst
 */
export class ExtendedError {
  /** Where the datagram in question went. */
  readonly to = new SocketAddress();
  /** The host that reported the error; its `family` is undefined when none did. */
  readonly reporter = new SocketAddress();
  readonly #record = new Uint8Array(RECORD_SIZE);
  readonly #words = new Uint32Array(this.#record.buffer);

  /** The number of the error, positive as in C; 0 for the completion of a send. */
  get errno(): number {
    return this.#words[0] as number;
  }

  /** `SO_EE_ORIGIN_ICMP`, `_ICMP6`, `_LOCAL` (this machine), `_ZEROCOPY` (a completion), … */
  get origin(): number {
    return this.#record[4] as number;
  }

  /** Of an ICMP message. */
  get type(): number {
    return this.#record[5] as number;
  }

  /** Of an ICMP message; of a completion `SO_EE_CODE_ZEROCOPY_COPIED`, when the kernel copied. */
  get code(): number {
    return this.#record[6] as number;
  }

  /** EMSGSIZE: the MTU of the path. A completion: the number of the first send that is done. */
  get info(): number {
    return this.#words[2] as number;
  }

  /** A completion: the number of the last send that is done. */
  get data(): number {
    return this.#words[3] as number;
  }

  /** The datagram was longer than the memory for its bytes. */
  get isTruncated(): boolean {
    return ((this.#words[4] as number) & constants.MSG_TRUNC) !== 0;
  }

  /** @internal what native code fills, or undefined when `value` is none of ours. */
  static recordIn(value: unknown): Uint8Array | undefined {
    if (typeof value !== 'object' || value === null) return undefined;
    return #record in value ? value.#record : undefined;
  }
}

/**
 * Takes the oldest entry of a socket's error queue; never blocks. As long as there is one, the
 * socket has an error for epoll and poll, whatever the trigger. Linux.
 *
 * Entries come when the socket has `IP_RECVERR` or `IPV6_RECVERR` set, or sends with `MSG_ZEROCOPY`.
 *
 * @param fd - a socket.
 * @param into - filled with the error, and with the addresses of the receiver and of the reporter.
 * @param payload - filled with the bytes of the datagram in question, as far as they are known.
 * @returns bytes of the payload, from 0; or -errno: {@link WOULD_BLOCK}, the queue is empty.
 * @throws TypeError, RangeError - wrong arguments: see {@link "sys"}.
 * @see recv(2) "MSG_ERRQUEUE", ip(7) "IP_RECVERR"
 */
export function receiveError(fd: number, into: ExtendedError, payload?: Uint8Array): number {
  const record = ExtendedError.recordIn(into);
  if (record === undefined) throw invalidType('into', 'an ExtendedError', into);
  const [to, reporter] = [slotOf(into.to, 'into.to'), slotOf(into.reporter, 'into.reporter')];
  const result = native.receiveError(fd, record, payload, to, reporter);
  if (result !== REFUSED) return result;
  checkFd(fd);
  if (payload !== undefined) checkBytes('payload', payload);
  refuseUnnamed();
}
