// One way of a TCP connection: what is sent arrives in the order in which it was sent, also when a part of it is
// dropped on its way and has to be sent again.
import type { Link } from './link.ts';
import type { Packet } from './packet.ts';

const NS_PER_MS = 1e6;
/** When a segment that was dropped is sent again, first and at most: TCP_RTO_MIN and TCP_RTO_MAX. */
const RETRY_MS = 200;
const RETRY_MS_MAX = 120_000;
/** How often it is sent again before the connection is given up. tcp(7), tcp_retries2 */
const RETRIES_MAX = 15;

/** A segment, without how often it was sent. */
export type Segment = Pick<Packet, 'kind' | 'byteCount'>;

/** The two ends of a way, as text. */
export interface Way {
  readonly from: string;
  readonly to: string;
}

interface Sent {
  readonly segment: Segment;
  readonly arrive: () => void;
  readonly gapNs: number;
}

/** What goes one way over a link, and arrives in the order in which it was sent. */
export class Lane {
  readonly #link: Link;
  readonly #way: Way;
  readonly #onLost: () => void;
  /** What was not carried yet: behind the first one, which was dropped. */
  readonly #waiting: Sent[] = [];
  #lastArrivalNs = 0;
  #onTheWay = 0;

  /** @param onLost - is called when a segment was dropped too often. */
  constructor(link: Link, way: Way, onLost: () => void) {
    this.#link = link;
    this.#way = way;
    this.#onLost = onLost;
  }

  /** Has something arrive behind what was sent before it, so long at least. */
  send(segment: Segment, arrive: () => void, gapNs = 0): void {
    if (this.#waiting.push({ segment, arrive, gapNs }) === 1) this.#go(0);
  }

  #go(attempt: number): void {
    let tries = attempt;
    for (let sent = this.#waiting[0]; sent !== undefined; sent = this.#waiting[0]) {
      const packet = this.#packetOf(sent, tries);
      const verdict = this.#link.verdictOn(packet);
      if (verdict === 'drop') {
        this.#retry(tries);
        return;
      }
      this.#waiting.shift();
      this.#carry(packet, verdict === 'duplicate' ? 0 : verdict, sent);
      tries = 0;
    }
  }

  #retry(attempt: number): void {
    if (attempt === RETRIES_MAX) this.#onLost();
    else {
      const ms = Math.min(RETRY_MS * 2 ** attempt, RETRY_MS_MAX);
      this.#link.later(ms * NS_PER_MS, () => this.#go(attempt + 1));
    }
  }

  #carry(packet: Packet, delayMs: number, { arrive, gapNs }: Sent): void {
    const behind = { isBehind: this.#onTheWay > 0, notBeforeNs: this.#lastArrivalNs, gapNs };
    this.#onTheWay++;
    const atNs = this.#link.carry(packet, delayMs, behind, () => {
      this.#onTheWay--;
      arrive();
    });
    // What has arrived at once may have sent something itself.
    this.#lastArrivalNs = Math.max(this.#lastArrivalNs, atNs);
  }

  #packetOf({ segment }: Sent, attempt: number): Packet {
    return { protocol: 'tcp', ...this.#way, ...segment, bytes: undefined, attempt };
  }
}
