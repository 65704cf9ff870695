// Calls that fail though nothing is wrong with them, and transfers that are cut: by chance, or as a test asks
// for it. What was asked for and never happened is known, since a test of it has tested nothing.
import { constants } from 'node:os';
import { invalidValue } from '../../errors.ts';
import type { Journal } from './journal.ts';
import type { Tape } from './tape.ts';

const NUMBERS: Readonly<Record<string, number>> = constants.errno;

/** Chances that calls go wrong, each 0 to 1. */
export interface CallFaults {
  /** A read takes fewer bytes than there are. */
  readonly shortReads: number;
  /** A write takes fewer bytes than it has room for. */
  readonly shortWrites: number;
  /** accept and socket find no descriptor left (EMFILE). */
  readonly emfile: number;
  /** A connection that was to be accepted has gone (ECONNABORTED). */
  readonly aborted: number;
  /** A call is interrupted (EINTR). */
  readonly interrupted: number;
}

/** One that a test asks for. */
export interface AskedFault {
  /** The call, as in `edgewise/sys`; or `'reset'`, `'spurious'`. */
  readonly call: string;
  /** The descriptor; undefined: any. */
  readonly fd: number | undefined;
  /** What it fails with, or how many bytes it moves at most. */
  readonly errno: number | undefined;
  readonly bytesMax: number | undefined;
  /** How often it still happens. */
  timesLeft: number;
  /** How often it has happened. */
  fired: number;
}

const INTERRUPTED: readonly string[] = [
  'recv',
  'send',
  'read',
  'write',
  'readv',
  'writev',
  'accept4',
  'recvfrom',
  'sendto',
  'recvmsg',
  'sendmsg',
];

const FAIL_BY_CHANCE: readonly (readonly [keyof CallFaults, string, readonly string[]])[] = [
  ['emfile', 'EMFILE', ['accept4', 'socket', 'socketpair', 'pipe2', 'eventfd', 'timerfd_create']],
  ['aborted', 'ECONNABORTED', ['accept4']],
  ['interrupted', 'EINTR', INTERRUPTED],
];

/** The faults of one run. */
export class Faults {
  /** What tests have asked for. */
  readonly asked: AskedFault[] = [];
  readonly #tape: Tape;
  readonly #chances: CallFaults;
  readonly #journal: Journal;
  /** What can go wrong by chance with a call, by its name. */
  readonly #byCall = new Map<string, readonly (readonly [errno: number, chance: number])[]>();

  constructor(tape: Tape, chances: CallFaults, journal: Journal) {
    this.#journal = journal;
    this.#tape = tape;
    this.#chances = chances;
    for (const [name, code, calls] of FAIL_BY_CHANCE) {
      const chance = chances[name];
      if (chance === 0) continue;
      for (const call of calls) {
        const others = this.#byCall.get(call) ?? [];
        this.#byCall.set(call, [...others, [NUMBERS[code] as number, chance]]);
      }
    }
  }

  /** @throws TypeError - ERR_INVALID_ARG_VALUE: no error of that name. */
  ask(call: string, code: string, times: number, fd?: number): AskedFault {
    const errno = NUMBERS[code];
    if (errno === undefined) throw invalidValue('code', 'the name of an error', code);
    return this.#add({ call, fd, errno, bytesMax: undefined, timesLeft: times, fired: 0 });
  }

  /** Has calls move at most `bytesMax` bytes. */
  cut(call: string, bytesMax: number, times: number, fd?: number): AskedFault {
    return this.#add({ call, fd, errno: undefined, bytesMax, timesLeft: times, fired: 0 });
  }

  /** What a test has asked a call to fail with; 0: nothing. */
  askedErrnoOf(call: string, fd: number): number {
    const { errno } = this.#take(call, fd, (fault) => fault.errno !== undefined) ?? {};
    if (errno !== undefined) this.#journal.blame('as asked for');
    return errno ?? 0;
  }

  /** What a call fails with, as asked for or by chance; 0: it does not. */
  errnoOf(call: string, fd: number): number {
    const asked = this.askedErrnoOf(call, fd);
    if (asked !== 0) return asked;
    for (const [errno, chance] of this.#byCall.get(call) ?? []) {
      if (!this.#tape.happens(chance)) continue;
      this.#journal.blame('by chance');
      return errno;
    }
    return 0;
  }

  /** How many bytes a call moves, of those that it could move now. */
  lengthOf(call: string, fd: number, available: number, isRead: boolean): number {
    if (available <= 0) return available;
    const { bytesMax } =
      this.#take(call, fd, (fault) => (fault.bytesMax ?? available) < available) ?? {};
    const count =
      bytesMax === undefined ? this.#cutByChance(available, isRead) : Math.min(available, bytesMax);
    if (count < available) this.#journal.blame(isRead ? 'short read' : 'short write', available);
    return count;
  }

  #cutByChance(available: number, isRead: boolean): number {
    return this.#tape.cut(available, isRead ? this.#chances.shortReads : this.#chances.shortWrites);
  }

  /** One that is none of a call. */
  note(call: 'reset' | 'spurious'): AskedFault {
    const none = { fd: undefined, errno: undefined, bytesMax: undefined };
    return this.#add({ call, ...none, timesLeft: 0, fired: 0 });
  }

  #add(fault: AskedFault): AskedFault {
    this.asked.push(fault);
    return fault;
  }

  #take(call: string, fd: number, fits: (fault: AskedFault) => boolean): AskedFault | undefined {
    if (this.asked.length === 0) return undefined;
    const found = this.asked.find(
      (fault) =>
        fault.timesLeft > 0 &&
        fault.call === call &&
        (fault.fd === undefined || fault.fd === fd) &&
        fits(fault),
    );
    if (found === undefined) return undefined;
    found.timesLeft--;
    found.fired++;
    return found;
  }
}
