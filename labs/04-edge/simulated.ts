// The server of lab 4 on a simulated kernel: three clients, each with a way to be forgotten.
import { type Peer, type Simulation, simulate } from 'edgewise/testing';
import { linesOf } from '../src/exam/lines.ts';
import { randomFrom } from '../src/exam/random.ts';
import { Miss } from '../src/lab.ts';
import type { SimulatedTask } from '../src/simulated/run.ts';

interface Server {
  turn(timeoutMs: number): void;
  close(): void;
}

interface Program {
  createServer(place: { host: string; port: number }): Server;
}

interface Client {
  readonly name: string;
  readonly peer: Peer;
  readonly wanted: string;
}

const PORT = 7004;
/** Turns, a millisecond each, in which nothing has come: nothing will. Longer than anything is late. */
const QUIET_TURNS = 20;
const DELAY_MS = 5;
const BRIEF_COUNT = 3;
const FAULTS = {
  delayMs: DELAY_MS,
  cut: 0.2,
  shortReads: 0.1,
  shortWrites: 0.2,
  spurious: 0.1,
  order: 0.3,
};

export function adversary({ program, seed, runs }: SimulatedTask): Promise<void> {
  const { createServer } = program as unknown as Program;
  const lines = linesOf(randomFrom(seed), 400_000, 500);
  const buffers = { send: 81_920, receive: 98_304 };
  const options = { runs, seed, edges: 'strict', faults: FAULTS, buffers, shrinkMs: 1500 } as const;
  return simulate(options, async (sim) => {
    const server = createServer({ host: '127.0.0.1', port: PORT });
    try {
      await meet(sim, server, lines);
    } finally {
      server.close();
    }
  });
}

async function meet(sim: Simulation, server: Server, lines: string): Promise<void> {
  const clients: Client[] = [];
  const join = async (name: string, wanted: string): Promise<Peer> => {
    const peer = await sim.connect(PORT);
    clients.push({ name, peer, wanted });
    return peer;
  };
  const late = await join('the one that reads late', lines);
  const burst = await join('the one with a burst', lines.slice(0, 90_000));
  const brief = [];
  for (let i = 1; i <= BRIEF_COUNT; i++) {
    brief.push(await join(`number ${i} of those that end at once`, lines.slice(0, 2000)));
  }
  late.pause().write(lines);
  burst.write(lines.slice(0, 90_000));
  for (const peer of brief) peer.end(lines.slice(0, 2000));
  await untilQuiet(sim, server, [burst, ...brief]);
  late.resume();
  await untilQuiet(sim, server, [late, burst, ...brief]);
  for (const client of clients) expectAnswer(client);
  late.end();
  burst.end();
  await untilQuiet(sim, server, []);
  for (const { name, peer } of clients) {
    if (!peer.isEnded) throw new Miss('no end', `${name}: its connection is open`);
  }
}

/** Has the server turn until nothing comes any more. */
async function untilQuiet(sim: Simulation, server: Server, peers: readonly Peer[]): Promise<void> {
  const seen = (): number => peers.reduce((sum, { received }) => sum + received.length, 0);
  for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
    const before = seen();
    server.turn(0);
    await sim.elapse('1ms');
    if (seen() !== before) quiet = 0;
  }
}

function expectAnswer({ name, peer, wanted }: Client): void {
  const { received } = peer;
  const isRight = received.toString('latin1') === wanted.slice(0, received.length).toUpperCase();
  if (!isRight) throw new Miss('mixed', `${name}: other bytes than its own lines`);
  if (received.length === wanted.length) return;
  throw new Miss('lost wake-up', `${name}: ${received.length} of ${wanted.length} bytes`);
}
