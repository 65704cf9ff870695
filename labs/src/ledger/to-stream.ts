// The calls of one thread as a stream of a trace: what a Reactor would have recorded of them. A handler of a
// descriptor is what was called on it after a report, up to a call on another one that is watched, or a wait.
import { BLOCK_LENGTH, type Block, Kind, Outcome, Role, WaitReason } from 'edgewise/trace';
import { type Entry, isWait } from './ledger.ts';
import { CALLS, interestOf, triggerOf } from './record.ts';

const CALL_SPAN = 128;
const ASKED_MAX = 2 ** 24 - 1;
const NS_PER_MS = 1e6;
const US_PER_MS = 1000;

/** A registration: the number of the descriptor is its slot. */
interface Place {
  readonly fd: number;
  readonly generation: number;
  interest: number;
  trigger: number;
  role: number;
}

interface Row {
  readonly kind: number;
  readonly fd: number;
  readonly slot: number;
  readonly generation: number;
  readonly a: number;
  readonly b: number;
  readonly time: number;
}

type Open = Block['open'];

/** The blocks of a stream. @param originMs - time 0 of the trace. */
export function blocksOf(entries: readonly Entry[], originMs: number): Block[] {
  const writer = new StreamWriter(originMs);
  for (const entry of entries) writer.take(entry);
  return writer.end();
}

class StreamWriter {
  readonly #originMs: number;
  readonly #blocks: Block[] = [];
  #rows: Row[] = [];
  #openBefore: Open = [];
  #timeNs = 0;
  readonly #open = new Map<number, Place>(); // by descriptor
  readonly #generations = new Map<number, number>();
  readonly #byToken = new Map<number, number>();
  readonly #listeners = new Set<number>();
  readonly #acceptedBy = new Map<number, number>();
  /** Of the batch: what was reported, and not yet handled; readiness by descriptor. */
  readonly #reported = new Map<number, number>();
  readonly #handled = new Set<number>();
  readonly #fresh = new Set<number>();
  #running: Place | undefined;

  constructor(originMs: number) {
    this.#originMs = originMs;
  }

  take(entry: Entry): void {
    const { call, fd } = entry;
    if (isWait(entry)) {
      this.#wait(entry);
      return;
    }
    this.#timeNs = this.#nsOf(entry);
    if (call === 'report') this.#report(entry);
    else if (call === 'poller.add') this.#register(entry);
    else if (call === 'poller.modify') this.#modify(entry);
    else if (call === 'poller.remove') this.#release(fd);
    else if (!call.startsWith('poller.') || call === 'poller.removeAndClose') this.#call(entry);
  }

  end(): Block[] {
    this.#endBatch();
    this.#endBlock();
    return this.#blocks;
  }

  #nsOf({ ms }: Entry): number {
    return Math.max(this.#timeNs, (ms - this.#originMs) * NS_PER_MS);
  }

  #wait(entry: Entry): void {
    const { a: timeoutMs, result } = entry;
    this.#endBatch();
    const timeoutUs = timeoutMs < 0 ? -1 : timeoutMs * US_PER_MS;
    const reason = timeoutMs === 0 ? WaitReason.Work : WaitReason.Deadline;
    this.#push(Kind.WaitBegin, undefined, timeoutUs, timeoutMs < 0 ? WaitReason.Idle : reason);
    this.#timeNs = this.#nsOf(entry);
    this.#push(Kind.WaitEnd, undefined, Math.max(result, 0));
  }

  #report({ a: token, b: readiness }: Entry): void {
    const place = this.#open.get(this.#byToken.get(token) ?? -1);
    if (place === undefined) return;
    this.#push(Kind.Report, place, readiness, readiness);
    this.#reported.set(place.fd, readiness);
  }

  #register({ fd, result, a: token, b }: Entry): void {
    if (result < 0) return;
    const generation = this.#generations.get(fd) ?? 0;
    this.#generations.set(fd, generation + 1);
    const listener = this.#acceptedBy.get(fd) ?? -1;
    const isKnown = listener >= 0 ? Role.Connection : 0;
    const role = this.#listeners.has(fd) ? Role.Listener : isKnown;
    const place = { fd, generation, interest: interestOf(b), trigger: triggerOf(b), role };
    this.#open.set(fd, place);
    this.#byToken.set(token, fd);
    this.#fresh.add(fd);
    this.#push(Kind.Register, place, place.interest, place.trigger);
    if (role !== 0) this.#push(Kind.Role, place, role, listener);
  }

  #modify({ fd, result, a: token, b }: Entry): void {
    const place = this.#open.get(fd);
    if (result < 0 || place === undefined) return;
    place.interest = interestOf(b);
    place.trigger = triggerOf(b);
    this.#byToken.set(token, fd);
    this.#push(Kind.Modify, place, place.interest, place.trigger);
  }

  #release(fd: number): void {
    const place = this.#open.get(fd);
    if (place === undefined) return;
    this.#open.delete(fd);
    this.#push(Kind.Release, place);
  }

  #call({ call, fd, result, asked }: Entry): void {
    this.#switchTo(fd);
    const known = asked > ASKED_MAX ? -1 : asked;
    this.#push(
      Kind.Call,
      this.#open.get(fd) ?? { fd },
      result,
      known * CALL_SPAN + CALLS.indexOf(call),
    );
    if (call === 'listen' && result >= 0) this.#listeners.add(fd);
    if (call === 'accept4' && result >= 0) this.#acceptedBy.set(result, fd);
    if (call !== 'close' && call !== 'poller.removeAndClose') return;
    this.#release(fd);
    this.#listeners.delete(fd);
    this.#acceptedBy.delete(fd);
  }

  // What the program does on a watched descriptor that was not reported is outside of every handler.
  #switchTo(fd: number): void {
    const place = this.#open.get(fd);
    if (place === undefined || place === this.#running || this.#fresh.has(fd)) return;
    this.#endHandler();
    const readiness = this.#reported.get(fd);
    if (readiness === undefined) return;
    this.#beginHandler(place, readiness);
  }

  #beginHandler(place: Place, readiness: number): void {
    this.#running = place;
    this.#handled.add(place.fd);
    this.#push(Kind.HandlerBegin, place, readiness, 1);
  }

  #endHandler(): void {
    const place = this.#running;
    if (place === undefined) return;
    this.#running = undefined;
    const isOpen = this.#open.get(place.fd) === place;
    this.#push(Kind.HandlerEnd, place, 0, isOpen ? 0 : Outcome.Closed);
  }

  #endBatch(): void {
    this.#endHandler();
    for (const [fd, readiness] of this.#reported) {
      const place = this.#open.get(fd);
      if (place === undefined || this.#handled.has(fd)) continue;
      this.#beginHandler(place, readiness); // it was looked at, and nothing was done
      this.#endHandler();
    }
    this.#reported.clear();
    this.#handled.clear();
    this.#fresh.clear();
  }

  #push(kind: number, place: Partial<Place> = {}, a = 0, b = 0): void {
    if (this.#rows.length === BLOCK_LENGTH) this.#endBlock();
    const { fd = -1, generation = 0 } = place;
    const slot = place.generation === undefined ? 0 : fd;
    this.#rows.push({ kind, fd, slot, generation, a, b, time: this.#timeNs });
    if (this.#rows.length === BLOCK_LENGTH) this.#endBlock();
  }

  #endBlock(): void {
    const rows = this.#rows;
    if (rows.length > 0) this.#blocks.push(blockOf(rows, this.#openBefore));
    this.#rows = [];
    this.#openBefore = [...this.#open.values()].map((place) => ({ slot: place.fd, ...place }));
  }
}

function blockOf(rows: readonly Row[], open: Open): Block {
  const column = (name: keyof Row): number[] => rows.map((row) => row[name]);
  return {
    open,
    length: rows.length,
    kind: Uint8Array.from(column('kind')),
    fd: Int32Array.from(column('fd')),
    slot: Uint32Array.from(column('slot')),
    generation: Uint32Array.from(column('generation')),
    a: Int32Array.from(column('a')),
    b: Int32Array.from(column('b')),
    time: Float64Array.from(column('time')),
  };
}
