// Random operations with cancellations against a model: each completes exactly once, never
// inside a call, in order, and the bytes are those that were written. EDGEWISE_SEED=N
// takes another seed.
import { describe, expect, it } from 'vitest';
import * as sys from '../../src/sys/index.ts';
import { type Descriptors, must, useDescriptors } from '../helpers/descriptors.ts';
import { Random, seedOfRun } from '../helpers/random.ts';
import { Driven } from './driven.ts';
import { type Expected, type Lane, Model, Stream } from './model.ts';

const OPERATIONS = 100_000;
const OPERATIONS_PER_WORLD = 1000;
const PAIRS = 3;
const LENGTH_MAX = 12_000;
const { F_SETFL, SHUT_WR, SO_SNDBUF, SOL_SOCKET } = sys.constants;

interface Pair {
  readonly ends: readonly [number, number];
  readonly streams: readonly [Stream, Stream];
}

class World {
  readonly #random: Random;
  readonly #driven: Driven;
  readonly #model: Model;
  readonly #pairs: Pair[];
  readonly #lanes: Lane[] = [];
  readonly #all: Expected[] = [];
  readonly #delays = new Set<Expected>();

  constructor(descriptors: Descriptors, random: Random, model: Model) {
    this.#random = random;
    this.#model = model;
    this.#driven = new Driven(descriptors, { trigger: random.pick(['level', 'edge']) });
    this.#pairs = Array.from({ length: PAIRS }, (_, index) => {
      // Unix sockets fill up at once; TCP with so little memory would wait for its own timers.
      const ends = index === 0 ? descriptors.tcpPair() : descriptors.socketpair();
      for (const fd of ends)
        must(sys.setsockopt(fd, SOL_SOCKET, SO_SNDBUF, index * 4096 || 65_536));
      return { ends, streams: [new Stream(), new Stream()] };
    });
    for (const pair of this.#pairs) for (const end of [0, 1] as const) this.#open(pair, end);
  }

  get submittedCount(): number {
    return this.#all.length;
  }

  step(): void {
    const steps = [
      () => this.#submit(),
      () => this.#cancelOne(),
      () => this.#cancelAll(),
      () => this.#detach(),
      () => this.#driven.reactor.turn(0),
      () => this.#reopen(),
      () => this.#shutDown(),
    ];
    this.#random.pickWeighted(steps, [2000, 240, 20, 40, 400, 4, 1])();
  }

  /** Cancels what is left, by one of the ways there are, and checks the bytes. */
  end(): void {
    const { proactor, reactor } = this.#driven;
    this.#settleDone();
    const { completedCount } = this.#model;
    const pending = this.#all.filter(({ isCompleted }) => !isCompleted);
    for (const operation of pending) operation.isCancelled = true;
    const ways = [
      () => proactor.close(),
      () => reactor.close(),
      () => {
        for (const { descriptor } of this.#lanes) descriptor.close();
        for (const { id } of this.#delays) proactor.cancel(id);
      },
    ];
    this.#random.pick(ways)();
    if (!reactor.isClosed) this.#driven.settle();
    expect(this.#model.completedCount - completedCount).toBe(pending.length);
    expect(this.#all.filter(({ isCompleted }) => !isCompleted)).toEqual([]);
    expect(proactor.pendingCount).toBe(0);
    for (const { ends, streams } of this.#pairs) {
      streams[0].check(drain(ends[1], ends[0]));
      streams[1].check(drain(ends[0], ends[1]));
    }
  }

  #open(pair: Pair, end: 0 | 1): void {
    const descriptor = this.#driven.proactor.open(pair.ends[end]);
    const laneOf = (stream: Stream, isReading: boolean): Lane => {
      return { descriptor, stream, isReading, pending: new Set(), lastCompleted: 0 };
    };
    this.#lanes.push(laneOf(pair.streams[end], false));
    this.#lanes.push(laneOf(pair.streams[end === 0 ? 1 : 0], true));
  }

  // What is done already and has not called its handler yet is not pending, but only the proactor knows
  // which operations that are.
  #settleDone(): void {
    for (let before = -1; before !== this.#model.completedCount; ) {
      before = this.#model.completedCount;
      this.#driven.reactor.turn(0);
    }
  }

  #submit(): void {
    const { proactor } = this.#driven;
    const lane = this.#random.below(20) === 0 ? undefined : this.#random.pick(this.#lanes);
    const isComposed = this.#random.below(2) === 0;
    const kinds = lane?.isReading
      ? (['read', 'readExactly'] as const)
      : (['write', 'writeAll'] as const);
    const kind = lane === undefined ? 'delay' : kinds[isComposed ? 1 : 0];
    const bytes = new Uint8Array(1 + this.#random.below(this.#random.pick([16, LENGTH_MAX])));
    if (lane?.isReading === false) this.#scribble(bytes);
    const operation: Expected = {
      id: 0,
      kind,
      lane,
      bytes,
      content: bytes.slice(),
      isCancelled: false,
      isDetached: false,
      isCompleted: false,
    };
    this.#model.isInside = true;
    operation.id =
      lane === undefined || kind === 'delay'
        ? proactor.delay(this.#random.below(3), { data: operation }, this.#onCompletion)
        : lane.descriptor[kind](bytes, { data: operation }, this.#onCompletion);
    this.#model.isInside = false;
    this.#all.push(operation);
    lane?.pending.add(operation);
    if (lane === undefined) this.#delays.add(operation);
  }

  readonly #onCompletion = (
    error: Error | undefined,
    result: number,
    operation: Expected,
  ): void => {
    const { isInside } = this.#model;
    this.#model.onCompletion(error, result, operation);
    this.#delays.delete(operation);
    // Handlers do what any code may do: submit again, and cancel.
    if (this.#driven.proactor.isClosed || operation.isCancelled) return;
    const choice = this.#random.below(10);
    if (choice === 0 && this.#all.length < OPERATIONS_PER_WORLD) this.#submit();
    if (choice === 1) this.#cancelOne();
    this.#model.isInside = isInside;
  };

  #scribble(bytes: Uint8Array): void {
    const start = this.#random.below(256);
    for (let at = 0; at < bytes.length; at++) bytes[at] = start + at * 7;
  }

  #cancelOne(): void {
    const operation = this.#random.pick(this.#all.slice(-60));
    if (operation === undefined) return;
    const wasCompleted = operation.isCompleted || operation.isCancelled;
    const { id, lane } = operation;
    const isCancelled =
      lane === undefined ? this.#driven.proactor.cancel(id) : lane.descriptor.cancel(id);
    if (isCancelled) expect(wasCompleted, 'a completed operation was cancelled').toBe(false);
    operation.isCancelled ||= isCancelled;
  }

  #cancelAll(): void {
    const { descriptor } = this.#random.pick(this.#lanes);
    this.#settleDone(); // all that have not completed wait now
    const waiting = this.#all.filter(
      ({ isCompleted, lane }) => !isCompleted && lane?.descriptor === descriptor,
    );
    expect(descriptor.cancelAll()).toBe(waiting.length);
    for (const operation of waiting) operation.isCancelled = true;
  }

  #detach(): void {
    const { pending } = this.#random.pick(this.#lanes);
    this.#settleDone();
    const operation = this.#random.pick([...pending]);
    if (operation === undefined || operation.isDetached) return;
    operation.isDetached = true;
    const { buffer } = operation.bytes;
    structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
  }

  #reopen(): void {
    const pair = this.#random.pick(this.#pairs);
    const end = this.#random.pick([0, 1] as const);
    this.#settleDone();
    const old = this.#lanes.filter(({ descriptor }) => descriptor.fd === pair.ends[end]);
    for (const { pending } of old) for (const operation of pending) operation.isCancelled = true;
    for (const lane of old) this.#lanes.splice(this.#lanes.indexOf(lane), 1);
    (old[0] as Lane).descriptor.close();
    this.#open(pair, end);
  }

  #shutDown(): void {
    const { ends, streams } = this.#random.pick(this.#pairs);
    const end = this.#random.pick([0, 1] as const);
    streams[end].isShut = true;
    sys.shutdown(ends[end], SHUT_WR);
  }
}

// What the kernel still holds. TCP may have it on the sender's side: it is waited for, up to the end.
function drain(fd: number, sender: number): Uint8Array {
  sys.shutdown(sender, SHUT_WR);
  must(sys.fcntl(fd, F_SETFL, 0));
  const bytes = Buffer.alloc(1 << 20);
  let at = 0;
  for (let count = 1; count > 0; at += count) count = must(sys.recv(fd, bytes, at));
  return bytes.subarray(0, at);
}

describe('the proactor against a model', () => {
  const descriptors = useDescriptors();

  const seed = seedOfRun();

  it(`${OPERATIONS} operations complete exactly once, from seed ${seed}`, {
    timeout: 300_000,
  }, () => {
    const random = new Random(seed);
    const model = new Model();
    let submitted = 0;
    while (submitted < OPERATIONS) {
      const world = new World(descriptors, random, model);
      while (world.submittedCount < OPERATIONS_PER_WORLD) world.step();
      world.end();
      submitted += world.submittedCount;
      descriptors.closeAll();
    }
    console.log(`of ${submitted} operations: ${JSON.stringify(model.counts)}`);
    expect(model.completedCount).toBe(submitted);
    for (const code of [
      'done',
      'ECANCELED',
      'ERR_BUFFER_DETACHED',
      'EPIPE',
      'ERR_UNEXPECTED_END',
    ]) {
      expect(model.counts[code], code).toBeGreaterThan(10);
    }
  });
});
