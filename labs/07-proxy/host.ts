// The student's proxy in a simulated machine: it is turned by hand, and time passes while it waits.
import { type Peer, type SimulateOptions, type Simulation, simulate } from 'edgewise/testing';
import { Miss } from '../src/lab.ts';
import { closeAll } from '../src/simulated/leftover.ts';
import type { SimulatedTask } from '../src/simulated/run.ts';

interface Proxy {
  turn(timeoutMs: number): void;
  close(): void;
}

interface ProxyOptions {
  readonly host: string;
  readonly port: number;
  readonly to: { readonly host: string; readonly port: number };
  readonly connectMs: number;
  readonly idleMs: number;
}

const HOST = '127.0.0.1';
const PORT = 7007;
export const SERVER_PORT = 7008;
export const CONNECT_MS = 5000;
export const IDLE_MS = 30_000;
const TURNS_NOW = 5;
const TURNS_MAX = 20_000;

export class Host {
  readonly sim: Simulation;
  readonly #proxy: Proxy;

  constructor(sim: Simulation, { createProxy }: SimulatedTask['program'], idleMs: number) {
    if (typeof createProxy !== 'function') throw new Miss('not exported', 'no createProxy');
    this.sim = sim;
    this.#proxy = (createProxy as (options: ProxyOptions) => Proxy)({
      host: HOST,
      port: PORT,
      to: { host: HOST, port: SERVER_PORT },
      connectMs: CONNECT_MS,
      idleMs,
    });
  }

  /** A client of the proxy. */
  connect(): Promise<Peer> {
    return this.sim.connect(PORT);
  }

  /** Has no SYN arrive at the server, or only those that were sent before. @returns ends it. */
  dropSyns(upToAttempt = Number.POSITIVE_INFINITY): () => void {
    const isMeant = (to: string): boolean => to.endsWith(`:${SERVER_PORT}`);
    return this.sim.rules(({ kind, to, attempt }) =>
      kind === 'syn' && isMeant(to) && attempt <= upToAttempt ? 'drop' : 'pass',
    );
  }

  /** Turns while there is something to do now. A peer takes what was sent after a turn: no time passes for that. */
  settle(): void {
    for (let turns = 0; turns < TURNS_NOW; turns++) this.#proxy.turn(0);
  }

  /** Lets time pass. */
  elapse(ms: number): void {
    const endMs = this.sim.now + ms;
    for (let turns = 0; this.sim.now < endMs; turns++) {
      if (turns === TURNS_MAX) throw new Miss('stuck', `${TURNS_MAX} turns, and no time passes`);
      this.#proxy.turn(endMs - this.sim.now);
    }
    this.settle();
  }

  /** One turn that does not wait. */
  turn(): void {
    this.#proxy.turn(0);
  }

  /** What the proxy has open besides its listener: `'a socket that connects'`. */
  get open(): string[] {
    const sockets = this.sim.sockets().filter(({ state }) => state !== 'listening');
    return sockets.map(({ fd, state }) => `socket ${fd % 2 ** 20}, ${state}`);
  }

  /** Whether it has asked the server for a connection. */
  get isConnecting(): boolean {
    return this.sim.sockets().some(({ state }) => state === 'connecting');
  }

  /** @throws Miss - 'left open' */
  expectAllClosed(): void {
    const { open } = this;
    if (open.length > 0) throw new Miss('left open', open.join('; '), { open: open.join('; ') });
  }

  close(): void {
    this.#proxy.close();
  }
}

/** Simulates, and closes what is left. */
export function hosted(
  { program, seed }: SimulatedTask,
  options: SimulateOptions,
  body: (host: Host) => Promise<void>,
  idleMs = IDLE_MS,
): Promise<void> {
  return simulate({ seed, shrinkMs: 0, ...options }, async (sim) => {
    const host = new Host(sim, program, idleMs);
    try {
      await body(host);
    } finally {
      host.close();
      closeAll(sim);
    }
  });
}
