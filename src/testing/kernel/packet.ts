// What goes over a simulated network, and what a test has decided of it.

import { invalidValue } from '../../errors.ts';
import { checkFunction } from '../../validate.ts';

/** A segment of TCP or a datagram, on its way. */
export interface Packet {
  /** What carries it. */
  readonly protocol: 'tcp' | 'udp';
  /** `'syn'`: it asks for a connection. `'end'`: FIN. `'reset'`: RST. Those of UDP are `'data'`. */
  readonly kind: 'syn' | 'data' | 'end' | 'reset';
  /** The address that it is from, such as `'127.0.0.1:32768'`. */
  readonly from: string;
  /** The address that it goes to. */
  readonly to: string;
  /** Bytes of data. */
  readonly byteCount: number;
  /** The data of a datagram; undefined for TCP. */
  readonly bytes: Uint8Array | undefined;
  /** How often it was sent before, as each was dropped. Of UDP always 0. */
  readonly attempt: number;
}

/**
 * What happens to a packet. `'drop'`: a datagram is lost; a segment of TCP is sent again after 200 ms, 400 ms, …,
 * and all that was sent behind it waits. `'duplicate'`: a datagram arrives twice; the receiver of TCP drops the
 * second one. `delayMs`: it arrives so much later; of TCP also what was sent behind it.
 */
export type Verdict =
  | 'pass'
  | 'drop'
  | 'duplicate'
  | {
      /** Milliseconds, 0 or more. */
      readonly delayMs: number;
    };

/** Decides what happens to a packet. */
export type Rule = (packet: Packet) => Verdict;

/** The rules of a network. */
export class Rules {
  /** Is called with what a rule has thrown, and with an error where it has decided nothing. */
  onError: (error: unknown) => void = () => undefined;
  readonly #rules: Rule[] = [];
  /** Those that were asked for no packet so far. */
  readonly #unused = new Set<Rule>();

  /** Whether one of them was never asked. */
  get hasUnused(): boolean {
    return this.#unused.size > 0;
  }

  /** @returns takes it away. @throws TypeError - ERR_INVALID_ARG_TYPE. */
  add(rule: Rule): () => void {
    checkFunction('rule', rule);
    const own: Rule = (packet) => rule(packet);
    this.#rules.push(own);
    this.#unused.add(own);
    return () => {
      const at = this.#rules.indexOf(own);
      if (at >= 0) this.#rules.splice(at, 1);
    };
  }

  /** The first verdict that is not `'pass'`. */
  verdictOn(packet: Packet): Verdict {
    for (const rule of this.#rules) {
      this.#unused.delete(rule);
      const verdict = this.#ask(rule, packet);
      if (verdict !== 'pass') return verdict;
    }
    return 'pass';
  }

  #ask(rule: Rule, packet: Packet): Verdict {
    try {
      const verdict: unknown = rule(packet);
      if (isVerdict(verdict)) return verdict;
      const expected = "'pass', 'drop', 'duplicate', or { delayMs } with milliseconds >= 0";
      throw invalidValue('the verdict of a rule', expected, verdict);
    } catch (error) {
      this.onError(error);
      return 'pass';
    }
  }
}

function isVerdict(verdict: unknown): verdict is Verdict {
  if (verdict === 'pass' || verdict === 'drop' || verdict === 'duplicate') return true;
  const { delayMs } = (verdict ?? {}) as { delayMs?: unknown };
  return typeof delayMs === 'number' && delayMs >= 0 && Number.isFinite(delayMs);
}

/** Such as `'5 bytes from 127.0.0.1:32768 to 127.0.0.1:7007'`. */
export function describePacket({ kind, from, to, byteCount, protocol }: Packet): string {
  const bytes = byteCount === 1 ? '1 byte' : `${byteCount} bytes`;
  const data = protocol === 'udp' ? `a datagram of ${bytes}` : bytes;
  const what = { syn: 'the call', end: 'the end', reset: 'the reset', data }[kind];
  return `${what} from ${from} to ${to}`;
}
