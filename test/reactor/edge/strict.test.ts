// `registerEdge` over a kernel that never repeats an edge: whatever a handler returns, and wherever it
// stops, nothing is left lying. With `register` the same handlers hang.
import { expect, it } from 'vitest';
import { type Edge, type EdgeHandler, isBytes, type Settled } from '../../../src/index.ts';
import { Interest } from '../../../src/poller/interest.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import * as sys from '../../../src/sys/index.ts';
import { must, useDescriptors } from '../../helpers/descriptors.ts';
import { Recorder, send, turnIdly } from '../../helpers/handlers.ts';
import { Random, seedOfRun } from '../../helpers/random.ts';
import { useStrictEdges } from '../../helpers/strict-edges.ts';

const descriptors = useDescriptors();
const RUNS = 10_000;
const AT_ONCE = 100;
const TURNS_MAX = 2000;
const bytes = Buffer.alloc(512);
const memory = Buffer.alloc(64 * 1024);
const mistake = new Error('a handler that throws');

/** One descriptor whose handler stops at random places, and its peer, which sends and takes. */
class Run implements EdgeHandler<Run> {
  readonly fd: number;
  readonly peer: number;
  readonly interest: Interest;
  sent = 0;
  received = 0;
  hasEnded = false;
  taken = 0;
  readonly #random: Random;
  #chunksLeft: number;
  #toSend: number;
  #toTake: number;
  #kept: Settled | undefined;
  #isPaused = false;

  constructor(seed: number) {
    this.#random = new Random(seed);
    [this.fd, this.peer] = descriptors.socketpair();
    const { SOL_SOCKET, SO_SNDBUF } = sys.constants;
    must(sys.setsockopt(this.fd, SOL_SOCKET, SO_SNDBUF, 4608));
    this.interest = this.#random.pick([Interest.Readable, Interest.Readable | Interest.Writable]);
    const writes = (this.interest & Interest.Writable) !== 0;
    this.#chunksLeft = this.#random.below(4);
    this.#toSend = writes ? this.#random.below(20_000) : 0;
    this.#toTake = this.#toSend;
  }

  get isDone(): boolean {
    return this.hasEnded && this.received === this.sent && this.taken === this.#toTake;
  }

  /** What the peer does between two turns; a paused handler goes on. */
  step(registration: { setInterest(interest: Interest): void }): void {
    for (;;) {
      const count = sys.recv(this.peer, memory);
      if (count <= 0) break;
      this.taken += count;
    }
    if (this.#chunksLeft >= 0 && this.#random.below(3) === 0) this.#sendChunk();
    if (!this.#isPaused) return;
    this.#isPaused = false;
    registration.setInterest(this.interest);
  }

  #sendChunk(): void {
    if (this.#chunksLeft-- === 0) must(sys.shutdown(this.peer, sys.constants.SHUT_WR));
    else this.sent += must(sys.send(this.peer, memory, 0, 1 + this.#random.below(3000)));
  }

  onReady(edge: Edge<Run>): Settled {
    const random = this.#random;
    for (;;) {
      switch (random.below(12)) {
        case 0:
          return undefined as unknown as Settled;
        case 1:
          throw mistake;
        case 2:
          return edge.settled(sys.WOULD_BLOCK as never); // it was not said by a call
        case 3:
          return this.#kept ?? edge.closed(); // of another call; or it is not closed
        case 4:
          return edge.requeued();
        case 5:
          return Promise.resolve() as unknown as Settled;
        case 6: {
          edge.registration.setInterest(Interest.None);
          this.#isPaused = true;
          return edge.paused();
        }
        case 7: {
          this.#kept = edge.charge();
          if (this.#kept) return this.#kept;
          break;
        }
        case 8:
        case 9: {
          if (this.#toSend > 0) this.#write(edge);
          else edge.idle('write');
          break;
        }
        default:
          this.#read(edge);
      }
      if (this.hasEnded && this.#toSend === 0) return edge.idle('write');
    }
  }

  #read(edge: Edge<Run>): void {
    const count = edge.recv(bytes);
    if (isBytes(count)) this.received += count;
    else if (count === (0 as number)) this.hasEnded = true;
  }

  #write(edge: Edge<Run>): void {
    const count = edge.send(memory, 0, Math.min(this.#toSend, 4096));
    if (isBytes(count)) this.#toSend -= count;
  }
}

function runAll(seed: number): Run[] {
  const errors = new Set<unknown>();
  const onError = (error: unknown) => void errors.add(error);
  const reactor = new Reactor({ budget: { operations: 3 }, onError });
  const runs = Array.from({ length: AT_ONCE }, (_, index) => new Run(seed + index));
  const registrations = runs.map((run) =>
    reactor.registerEdge<Run>(run.fd, run.interest, run, { data: run }),
  );
  for (let turn = 0; turn < TURNS_MAX && !runs.every((run) => run.isDone); turn++) {
    runs.forEach((run, index) => {
      run.step(registrations[index] as (typeof registrations)[0]);
    });
    reactor.turn(0);
  }
  reactor.close();
  for (const { fd, peer } of runs) descriptors.close(fd, peer);
  expect([...errors].filter((error) => error !== mistake)).toEqual([]);
  return runs;
}

it(`${RUNS} handlers that stop at random places leave nothing lying`, () => {
  useStrictEdges();
  const first = seedOfRun();
  let hangs: number[] = [];
  let moved = 0;
  for (let seed = first; seed < first + RUNS; seed += AT_ONCE) {
    const runs = runAll(seed);
    hangs = hangs.concat(runs.flatMap((run, index) => (run.isDone ? [] : [seed + index])));
    moved += runs.reduce((sum, run) => sum + run.received + run.taken, 0);
  }
  expect(hangs).toEqual([]);
  expect(moved).toBeGreaterThan(RUNS * 1000);
}, 120_000);

it('a handler that reads once hangs with `register`, and not with `registerEdge`', () => {
  useStrictEdges();
  const reactor = descriptors.using(new Reactor());
  const [ours, theirs] = descriptors.socketpair();
  let raw = 0;
  const once = new Recorder((_, { fd }) => {
    raw += must(sys.recv(fd, bytes));
  });
  reactor.register(ours, Interest.Readable, once, { trigger: 'edge' });
  send(theirs, Buffer.alloc(2048));
  turnIdly(reactor, 20);
  send(theirs, 'more'); // Linux would report this
  turnIdly(reactor, 20);
  expect(raw).toBe(512);

  const [our, their] = descriptors.socketpair();
  let received = 0;
  const onReady = (edge: Edge): Settled => {
    const count = edge.recv(bytes);
    if (isBytes(count)) received += count;
    return undefined as unknown as Settled;
  };
  reactor.registerEdge(our, Interest.Readable, { onReady });
  send(their, Buffer.alloc(2048));
  turnIdly(reactor, 20);
  expect(received).toBe(2048);
  expect(reactor.stats.unsettled).toBe(4);
  expect(reactor.stats.requeued).toBe(4);
});
