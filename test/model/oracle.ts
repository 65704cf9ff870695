// The reference reactor: what handlers must and may be called for, as plainly as it can be said.
// It has no slots, no generations and no memory shared with native code: a registration is an
// object, and it is the identity. It is run in step with the reactor under test, which decides
// the order inside a batch; the oracle says whether that was allowed and whether anything is missing.
import { Readiness, readinessNames, type Trigger } from '../../src/poller/interest.ts';
import type { SimKernel } from './sim-kernel.ts';
import { type Code, firesOnce, type SimRecord, SimSet, type SimSetOptions } from './sim-set.ts';

/** What the reactor under test did that it must not; undefined: nothing. */
export type Difference = string | undefined;

const ALWAYS = Readiness.ReadClosed | Readiness.WriteClosed | Readiness.Error;

export class OracleRegistration {
  readonly id: number;
  readonly fd: number;
  interest: number;
  trigger: Trigger;
  isOpen = true;
  /** To be reported in the next turn, and in this one. */
  queued = 0;
  due = 0;
  /** What it was called for last. */
  reported = 0;
  /** Counts the changes of its interest. */
  changeCount = 0;

  constructor(id: number, fd: number, interest: number, trigger: Trigger) {
    this.id = id;
    this.fd = fd;
    this.interest = interest;
    this.trigger = trigger;
  }

  get mask(): number {
    return this.interest | ALWAYS;
  }
}

type Record = SimRecord<OracleRegistration> & { readonly changeCount: number };

interface Turn {
  readonly pending: Map<OracleRegistration, Record>;
  readonly due: readonly (readonly [registration: OracleRegistration, changeCount: number])[];
}

export class Oracle {
  readonly #kernel: SimKernel;
  readonly #set: SimSet<OracleRegistration>;
  readonly #triggers: readonly Trigger[];
  readonly #byFd = new Map<number, OracleRegistration>();
  readonly #turns: Turn[] = [];
  #queued: OracleRegistration[] = [];
  #maySeeGhost = false;
  #mustSeeGhost = false;
  #nextId = 0;
  openCount = 0;

  constructor(kernel: SimKernel, set: SimSetOptions, triggers: readonly Trigger[]) {
    this.#kernel = kernel;
    this.#set = new SimSet(kernel, set);
    this.#triggers = triggers;
  }

  get depth(): number {
    return this.#turns.length;
  }

  register(fd: number, interest: number, trigger: Trigger): OracleRegistration | string {
    if (!this.#triggers.includes(trigger)) return 'ERR_TRIGGER_UNSUPPORTED';
    const registration = new OracleRegistration(this.#nextId, fd, interest, trigger);
    const code = this.#add(registration);
    if (code !== undefined) return code;
    const old = this.#byFd.get(fd);
    this.#byFd.set(fd, registration);
    if (old !== undefined) this.#end(old);
    this.openCount++;
    this.#nextId++;
    return registration;
  }

  setInterest(registration: OracleRegistration, interest: number): Code {
    return this.#change(registration, interest, registration.trigger);
  }

  setTrigger(registration: OracleRegistration, trigger: Trigger): Code {
    return this.#change(registration, registration.interest, trigger);
  }

  // Nothing, when nothing changes; a oneshot that is not paused is re-armed all the same.
  #change(registration: OracleRegistration, interest: number, trigger: Trigger): Code {
    if (!registration.isOpen) return 'ERR_CLOSED';
    const isSame = interest === registration.interest && trigger === registration.trigger;
    const isRearmed = trigger.endsWith('oneshot') && interest !== 0;
    return isSame && !isRearmed ? undefined : this.#apply(registration, interest, trigger);
  }

  rearm(registration: OracleRegistration): Code {
    if (!registration.isOpen) return 'ERR_CLOSED';
    return this.#apply(registration, registration.interest, registration.trigger);
  }

  requeue(registration: OracleRegistration, readiness: number): Code {
    if (!registration.isOpen) return 'ERR_CLOSED';
    if (registration.queued === 0 && readiness !== 0) this.#queued.push(registration);
    registration.queued |= readiness;
    return undefined;
  }

  /** `charge` of more than the budget. */
  exhaust(registration: OracleRegistration): void {
    if (!registration.isOpen || !registration.trigger.startsWith('edge')) return;
    this.requeue(registration, registration.reported);
  }

  close(registration: OracleRegistration): void {
    if (!registration.isOpen) return;
    if (this.#byFd.get(registration.fd) === registration) {
      this.#byFd.delete(registration.fd);
      this.#set.remove(registration.fd);
    }
    this.#end(registration);
  }

  /**
   * Call it before the turn of the reactor under test.
   *
   * @param isForNothing - its wait will report nothing, whatever is ready.
   */
  beginTurn(isForNothing = false): void {
    const pending = new Map<OracleRegistration, Record>();
    for (const record of isForNothing ? [] : this.#set.wait()) {
      const { cookie } = record;
      const isCertain = record.isCertain && !this.#mayHaveFired(record);
      const { changeCount } = cookie;
      if (cookie.isOpen) pending.set(cookie, { ...record, isCertain, changeCount });
      else {
        this.#maySeeGhost = true;
        if (record.isCertain && this.depth === 0) this.#mustSeeGhost = true;
      }
    }
    const due = this.#queued.filter(({ isOpen }) => isOpen);
    this.#queued = [];
    for (const registration of due) {
      registration.due |= registration.queued;
      registration.queued = 0;
    }
    this.#turns.push({ pending, due: due.map((one) => [one, one.changeCount] as const) });
  }

  /** The reactor under test calls the handler of `registration`. */
  called(registration: OracleRegistration, readiness: number): Difference {
    const turn = this.#turns.at(-1);
    const got = `#${registration.id} was called for ${readinessNames(readiness)}`;
    if (turn === undefined) return `${got} outside of a turn`;
    if (!registration.isOpen) return `${got} after it was closed`;
    const due = registration.due & registration.mask;
    const record = turn.pending.get(registration);
    const isAllowed =
      (record !== undefined && this.#answers(record, due, readiness)) ||
      (due !== 0 && readiness === due && !isDue(record));
    if (!isAllowed) return `${got}, not ${expectation(record, due)}`;
    if (record?.isCertain === false) this.#fired(record, readiness === due);
    if (record !== undefined && hasBits(record)) turn.pending.delete(registration);
    registration.due = 0;
    registration.reported = readiness;
    return undefined;
  }

  /** Call it after the turn. @param ghostCount - how many ghosts the reactor found in it. */
  endTurn(ghostCount: number): Difference {
    const turn = this.#turns.pop() as Turn;
    for (const [registration, record] of turn.pending) {
      const isSame = registration.isOpen && registration.changeCount === record.changeCount;
      if (!isSame || !record.isCertain || (record.known & registration.mask) === 0) continue;
      return `#${registration.id} was not called for ${readinessNames(record.known)}`;
    }
    for (const [registration, changeCount] of turn.due) {
      const left = registration.due & registration.mask;
      const isSame = registration.isOpen && registration.changeCount === changeCount;
      if (isSame && left !== 0) return `#${registration.id} was re-queued and not called`;
      registration.due = 0;
    }
    return this.depth === 0 ? this.#endBatch(ghostCount) : undefined;
  }

  #endBatch(ghostCount: number): Difference {
    const [must, may] = [this.#mustSeeGhost, this.#maySeeGhost];
    this.#mustSeeGhost = false;
    this.#maySeeGhost = false;
    if (must && ghostCount === 0) return 'a ghost fired and was not removed';
    if (!may && ghostCount > 0) return 'a ghost was removed where there was none';
    if (ghostCount > 0) {
      this.#set.rebuild(
        ({ cookie, fd, endpoint }) => cookie.isOpen && this.#kernel.endpoint(fd) === endpoint,
      );
    }
    return undefined;
  }

  // A kernel entry that no open registration owns is no reason to refuse, unless the number has
  // an open registration of a file that it stands for no more: that one is to be closed first.
  #add(registration: OracleRegistration): Code {
    const { fd, interest, trigger } = registration;
    const code = this.#set.add(fd, registration, interest, trigger);
    if (code !== 'EEXIST' || this.#byFd.has(fd)) return code;
    return this.#set.modify(fd, registration, interest, trigger);
  }

  #apply(registration: OracleRegistration, interest: number, trigger: Trigger): Code {
    if (!this.#triggers.includes(trigger)) return 'ERR_TRIGGER_UNSUPPORTED';
    const code = this.#set.modify(registration.fd, registration, interest, trigger);
    if (code !== undefined) return code;
    registration.interest = interest;
    registration.trigger = trigger;
    registration.changeCount++;
    return undefined;
  }

  // What was re-queued may be all that was reported, or may have come along with the record.
  #fired(record: Record, mayBeRequeued: boolean): void {
    const { entry, armCount } = record;
    if (!mayBeRequeued) this.#set.disarmAfter(record);
    else if (entry.armCount === armCount && firesOnce(entry)) entry.isDoubtful = true;
  }

  // Whether a turn around this one may hold the only report of a oneshot: it is not reported again.
  #mayHaveFired({ cookie, entry, armCount }: SimRecord<OracleRegistration>): boolean {
    return this.#turns.some(({ pending }) => {
      const outer = pending.get(cookie);
      return outer?.isCertain === false && outer.armCount === armCount && firesOnce(entry);
    });
  }

  #end(registration: OracleRegistration): void {
    registration.isOpen = false;
    this.openCount--;
  }

  #answers(record: Record, due: number, readiness: number): boolean {
    const { mask } = record.cookie;
    const [known, unknown] = [record.known & mask, record.unknown & mask];
    if ((known | unknown) === 0) return false;
    return (readiness & ~unknown) === ((known | due) & ~unknown);
  }
}

// Whether the record must have been reported by now. One with a changed interest may have been
// dropped in between, when the interest did not have its bits.
function isDue(record: Record | undefined): boolean {
  if (record?.isCertain !== true || !hasBits(record)) return false;
  return record.changeCount === record.cookie.changeCount;
}

function hasBits({ known, unknown, cookie }: Record): boolean {
  return ((known | unknown) & cookie.mask) !== 0;
}

function expectation(record: Record | undefined, due: number): string {
  if (record === undefined || !hasBits(record)) {
    return due === 0 ? 'anything' : `${readinessNames(due)} (re-queued)`;
  }
  const known = readinessNames((record.known & record.cookie.mask) | due);
  const maybe = record.unknown === 0 ? '' : ` and perhaps ${readinessNames(record.unknown)}`;
  return `${known}${maybe}${record.isCertain ? '' : ', if anything'}`;
}
