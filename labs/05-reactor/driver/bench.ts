// What a scenario has at hand: a student's reactor over a poller that is watched, descriptors, and time; on
// the simulated kernel, where a wait lets time pass, or on the real one.
import { Poller } from 'edgewise';
import * as sys from 'edgewise/sys';
import { simulate } from 'edgewise/testing';
import { Miss } from '../../src/lab.ts';
import { closeAll, SIMULATED_FDS_MAX } from '../../src/simulated/leftover.ts';
import type { SimulatedTask } from '../../src/simulated/run.ts';
import type { MiniReactor, Parts, Registration } from '../starter/types.ts';

const { AF_UNIX, SOCK_STREAM, SOCK_NONBLOCK } = sys.constants;
const WAITS_MAX = 20_000;

/** A poller that counts, and ends a reactor that never stops asking. */
export class WatchedPoller extends Poller {
  /** The timeout of each wait. */
  readonly waits: number[] = [];

  override wait(timeoutMs: number): number {
    this.waits.push(timeoutMs);
    if (this.waits.length > WAITS_MAX) {
      throw new Miss('spins', `${WAITS_MAX} waits, the last for ${timeoutMs} ms`);
    }
    return super.wait(timeoutMs);
  }
}

/** One registration, and what its handler was called with. */
export interface Watched {
  readonly registration: Registration;
  readonly calls: number[];
}

export type Scenario = (bench: Bench) => void;

export class Bench {
  readonly poller = new WatchedPoller();
  readonly reactor: MiniReactor;
  /** Milliseconds that handlers have computed for: the clock of the reactor is so much further. */
  busyMs = 0;
  wakes = 0;
  onWake: () => void = () => undefined;
  /** What a handler has found, whose errors are the reactor's to keep. */
  miss: Miss | undefined;
  readonly #now: () => number;
  readonly #fds = new Set<number>();

  /** @param now - milliseconds. */
  constructor(program: SimulatedTask['program'], now: () => number) {
    this.#now = now;
    const { createReactor } = program as { createReactor?: (parts: Parts) => MiniReactor };
    if (typeof createReactor !== 'function') {
      throw new Miss('not exported', `it exports ${Object.keys(program).join(', ') || 'nothing'}`);
    }
    this.reactor = createReactor({
      poller: this.poller,
      now: () => this.now,
      onWake: () => {
        this.wakes++;
        this.onWake();
      },
    });
  }

  get now(): number {
    return this.#now() + this.busyMs;
  }

  /** Two connected sockets. */
  pair(): [number, number] {
    const fds = new Int32Array(2);
    const result = sys.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds);
    if (result < 0) throw new Error(`the grader: socketpair: ${sys.errnoName(result)}`);
    for (const fd of fds) this.#fds.add(fd);
    return [...fds] as [number, number];
  }

  /** One end of such a pair; with `unread`, there is a byte to read. */
  stream({ unread = false } = {}): number {
    const [fd, other] = this.pair();
    if (unread) this.write(other);
    return fd;
  }

  write(fd: number, text = 'x'): void {
    sys.write(fd, Buffer.from(text));
  }

  /** Reads all that there is. */
  drain(fd: number): void {
    sys.read(fd, new Uint8Array(1024));
  }

  closeFd(fd: number): void {
    if (this.#fds.delete(fd)) sys.close(fd);
  }

  /** Registers it with a handler that writes its calls down. */
  watch(fd: number, interest: number, onCall?: (self: Registration) => void): Watched {
    const calls: number[] = [];
    const registration = this.reactor.register(fd, interest, {
      onReady: (readiness, self) => {
        calls.push(readiness);
        if (self !== registration) {
          this.miss = new Miss('wrong registration', 'a handler got what register has not given');
        }
        onCall?.(self);
      },
    });
    return { registration, calls };
  }

  /** Turns until something is so, at most so often; what it asks for is never later than in a minute. */
  turnUntil(isSo: () => boolean, turnsMax = 50): boolean {
    for (let turns = 0; turns < turnsMax && !isSo(); turns++) this.reactor.turn(60_000);
    return isSo();
  }

  /** Ends all that is open, whatever the student's `close` does. */
  close(): void {
    try {
      this.reactor.close();
    } catch {
      // it has closed some of that already, which is another check's matter
    }
    this.poller.close();
    for (const fd of this.#fds) sys.close(fd);
  }
}

/** Runs scenarios on the simulated kernel, each on a reactor of its own. */
export function onSimulated(task: SimulatedTask, ...scenarios: Scenario[]): Promise<void> {
  const { program, seed, runs } = task;
  const options = {
    runs,
    seed,
    faults: { order: 0.3 },
    descriptorsMax: SIMULATED_FDS_MAX,
    shrinkMs: 0,
  };
  return simulate(options, (sim) => {
    try {
      for (const scenario of scenarios) runScenario(new Bench(program, () => sim.now), scenario);
    } finally {
      closeAll(sim);
    }
  });
}

/** Runs them on the real kernel, where no wait may be longer than it has to. */
export function onReal({ program }: SimulatedTask, ...scenarios: Scenario[]): void {
  for (const scenario of scenarios) {
    runScenario(new Bench(program, () => performance.now()), scenario);
  }
}

/** Both, for scenarios that never wait. */
export async function onBoth(task: SimulatedTask, ...scenarios: Scenario[]): Promise<void> {
  await onSimulated(task, ...scenarios);
  onReal(task, ...scenarios);
}

function runScenario(bench: Bench, scenario: Scenario): void {
  try {
    scenario(bench);
  } finally {
    bench.close();
  }
  if (bench.miss !== undefined) throw bench.miss;
}
