// A reactor over a poller: one turn waits, then calls the handlers of what is ready.
import { Interest, type Poller, Readiness } from 'edgewise';
import * as sys from 'edgewise/sys';
import type { Handler, MiniReactor, Parts, Registration, Timer } from './types.ts';

export function createReactor(parts: Parts): MiniReactor {
  return new TableReactor(parts);
}

/** A token is slot * GENERATIONS + generation: the poller takes whole numbers below 2^53. */
const GENERATIONS = 2 ** 32;
/** What no interest masks. */
const CLOSED_BITS = Readiness.ReadClosed | Readiness.WriteClosed | Readiness.Error;
/** The slot of the wake-up descriptor. */
const WAKE_SLOT = 0;

interface Slot {
  generation: number;
  entry: Entry | undefined;
}

class TableReactor implements MiniReactor {
  readonly wakeFd: number;
  readonly #wakeReader: number;
  readonly #poller: Poller;
  readonly #now: () => number;
  readonly #onWake: () => void;
  readonly #slots: Slot[] = [{ generation: 0, entry: undefined }];
  readonly #free: number[] = [];
  readonly #entryOf = new Map<number, Entry>();
  readonly #timers = new TimerHeap();
  readonly #room = new Uint8Array(65_536);
  #deferred: (() => void)[] = [];

  constructor({ poller, now = () => performance.now(), onWake = () => undefined }: Parts) {
    this.#poller = poller;
    this.#now = now;
    this.#onWake = onWake;
    const ends = new Int32Array(2);
    const result = sys.pipe2(ends, sys.constants.O_NONBLOCK);
    if (result < 0) throw new Error(`pipe2: ${sys.errnoName(result)}`);
    [this.#wakeReader, this.wakeFd] = ends as unknown as [number, number];
    poller.add(this.#wakeReader, WAKE_SLOT, Interest.Readable, 'level');
  }

  register(fd: number, interest: Interest, handler: Handler): Registration {
    const index = this.#free.pop() ?? this.#slots.push({ generation: 0, entry: undefined }) - 1;
    const slot = this.#slots[index] as Slot;
    const entry = new Entry(this, fd, interest, handler, index, slot.generation);
    try {
      this.#poller.add(fd, entry.token, interest, 'level');
    } catch (error) {
      this.#free.push(index);
      throw error;
    }
    // The poller did not know the number any more: it was closed behind our back, and used again.
    const before = this.#entryOf.get(fd);
    if (before !== undefined) this.#forget(before);
    slot.entry = entry;
    this.#entryOf.set(fd, entry);
    return entry;
  }

  setTimeout(callback: () => void, delayMs: number): Timer {
    return this.#timers.add(this.#now() + delayMs, callback);
  }

  defer(callback: () => void): void {
    this.#deferred.push(callback);
  }

  wake(): void {
    sys.write(this.wakeFd, new Uint8Array(8)); // would-block: it is full of wake-ups already
  }

  turn(timeoutMs: number): number {
    const batch = this.#wait(timeoutMs);
    const errors: unknown[] = [];
    const guard = (call: () => void): void => {
      try {
        call();
      } catch (error) {
        errors.push(error);
      }
    };
    let calls = 0;
    let isWoken = false;
    for (const { token, readiness } of batch) {
      if (token === WAKE_SLOT) {
        this.#drainWakes(); // before onWake looks for work: what comes later is a wake-up of its own
        isWoken = true;
        continue;
      }
      const entry = this.#find(token);
      const bits = entry === undefined ? 0 : readiness & (entry.interest | CLOSED_BITS);
      if (entry === undefined || bits === 0) continue;
      calls++;
      guard(() => entry.handler.onReady(bits, entry));
    }
    if (isWoken) guard(this.#onWake);
    for (const timer of this.#timers.takeDue(this.#now())) guard(() => timer.call());
    const deferred = this.#deferred;
    this.#deferred = []; // what these defer is for the next turn
    for (const callback of deferred) guard(callback);
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, `${errors.length} handlers threw`);
    return calls;
  }

  close(): void {
    for (const entry of [...this.#entryOf.values()]) entry.close();
    this.#timers.clear();
    this.#deferred = [];
    this.#poller.remove(this.#wakeReader);
    this.#poller.close();
    sys.close(this.#wakeReader);
    sys.close(this.wakeFd);
  }

  change(entry: Entry): void {
    this.#poller.modify(entry.fd, entry.token, entry.interest, 'level');
  }

  end(entry: Entry): void {
    this.#forget(entry);
    this.#entryOf.delete(entry.fd);
    try {
      this.#poller.remove(entry.fd);
    } catch {
      // ENOENT, EBADF: the descriptor was closed before, and the kernel has forgotten it
    }
  }

  // A copy: a handler that calls turn(0) has the poller write over its events.
  #wait(timeoutMs: number): { token: number; readiness: number }[] {
    const { events } = this.#poller;
    const count = this.#poller.wait(this.#waitMs(timeoutMs));
    return Array.from({ length: count }, (_, i) => {
      return { token: events.token(i), readiness: events.readiness(i) };
    });
  }

  #waitMs(timeoutMs: number): number {
    if (this.#deferred.length > 0) return 0;
    const leftMs = Math.max(0, this.#timers.nextMs - this.#now());
    if (leftMs === Number.POSITIVE_INFINITY) return timeoutMs;
    return timeoutMs < 0 ? leftMs : Math.min(leftMs, timeoutMs);
  }

  #find(token: number): Entry | undefined {
    const slot = this.#slots[Math.floor(token / GENERATIONS)];
    const generation = token % GENERATIONS;
    return slot?.generation === generation ? slot.entry : undefined;
  }

  // From here on no token of the past finds what has the slot next.
  #forget(entry: Entry): void {
    const slot = this.#slots[entry.slot] as Slot;
    slot.entry = undefined;
    slot.generation = (slot.generation + 1) % GENERATIONS;
    this.#free.push(entry.slot);
    entry.isClosed = true;
  }

  #drainWakes(): void {
    while (sys.read(this.#wakeReader, this.#room) === this.#room.length);
  }
}

class Entry implements Registration {
  readonly fd: number;
  readonly handler: Handler;
  readonly slot: number;
  readonly token: number;
  interest: Interest;
  isClosed = false;
  readonly #reactor: TableReactor;

  constructor(
    reactor: TableReactor,
    fd: number,
    interest: Interest,
    handler: Handler,
    slot: number,
    generation: number,
  ) {
    this.#reactor = reactor;
    this.fd = fd;
    this.interest = interest;
    this.handler = handler;
    this.slot = slot;
    this.token = slot * GENERATIONS + generation;
  }

  setInterest(interest: Interest): void {
    if (this.isClosed) throw new Error('the registration is closed');
    this.interest = interest;
    this.#reactor.change(this);
  }

  close(): void {
    if (!this.isClosed) this.#reactor.end(this);
  }
}

class Planned implements Timer {
  readonly deadlineMs: number;
  readonly order: number;
  #callback: (() => void) | undefined;

  constructor(deadlineMs: number, order: number, callback: () => void) {
    this.deadlineMs = deadlineMs;
    this.order = order;
    this.#callback = callback;
  }

  get isCancelled(): boolean {
    return this.#callback === undefined;
  }

  cancel(): void {
    this.#callback = undefined;
  }

  call(): void {
    const callback = this.#callback;
    this.#callback = undefined;
    callback?.();
  }

  isBefore(other: Planned): boolean {
    if (this.deadlineMs !== other.deadlineMs) return this.deadlineMs < other.deadlineMs;
    return this.order < other.order;
  }
}

/** A binary heap: the child of i are 2i + 1 and 2i + 2, and none is before its parent. */
class TimerHeap {
  #heap: Planned[] = [];
  #order = 0;

  add(deadlineMs: number, callback: () => void): Planned {
    const timer = new Planned(deadlineMs, this.#order++, callback);
    let at = this.#heap.push(timer) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!timer.isBefore(this.#heap[parent] as Planned)) break;
      this.#heap[at] = this.#heap[parent] as Planned;
      at = parent;
    }
    this.#heap[at] = timer;
    return timer;
  }

  /** The deadline of the first; Infinity: there is none. */
  get nextMs(): number {
    while (this.#heap[0]?.isCancelled) this.#takeFirst();
    return this.#heap[0]?.deadlineMs ?? Number.POSITIVE_INFINITY;
  }

  takeDue(nowMs: number): Planned[] {
    const due: Planned[] = [];
    while (this.nextMs <= nowMs) due.push(this.#takeFirst());
    return due;
  }

  clear(): void {
    this.#heap = [];
  }

  #takeFirst(): Planned {
    const heap = this.#heap;
    const first = heap[0] as Planned;
    const last = heap.pop() as Planned;
    if (heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (heap[child + 1]?.isBefore(heap[child] as Planned)) child++;
      if (child >= heap.length || !heap[child]?.isBefore(last)) break;
      heap[at] = heap[child] as Planned;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}
