// Checks of lab 7 in a simulated machine.
import type { Peer } from 'edgewise/testing';
import { bytesFrom, randomFrom } from '../src/exam/random.ts';
import { Miss } from '../src/lab.ts';
import type { SimulatedTask } from '../src/simulated/run.ts';
import { CONNECT_MS, type Host, hosted, IDLE_MS, SERVER_PORT } from './host.ts';

const REQUEST = Buffer.alloc(100_000, 'request ');
const HALF_MS = 0.5;

/** 7.5: no server listens, and none answers. */
export const refused = (task: SimulatedTask): Promise<void> =>
  hosted(task, {}, async (host) => {
    await refuse(host);
    await timeOut(host);
  });

async function refuse(host: Host): Promise<void> {
  const silent = await host.connect();
  const sending = (await host.connect()).write(REQUEST);
  const ended = (await host.connect()).end('question');
  host.elapse(10);
  for (const client of [silent, sending, ended]) expectLine(client, '502 ECONNREFUSED\n');
  expectRead(host, [silent, sending]);
}

// Clients that have not ended are read on: what they send would be answered by a reset otherwise.
function expectRead(host: Host, clients: readonly Peer[]): void {
  const closed = clients.length - host.open.length;
  if (closed > 0) {
    const got = `the line and the end; and ${closed} of ${clients.length} clients that have not ended are closed`;
    throw new Miss('a reset behind it', got);
  }
  for (const client of clients) client.end();
  host.elapse(10);
  host.expectAllClosed();
}

async function timeOut(host: Host): Promise<void> {
  const stop = host.dropSyns();
  const clients = [await host.connect(), (await host.connect()).write(REQUEST)];
  host.settle();
  if (!host.isConnecting) throw new Miss('not connected', 'no socket that connects');
  host.elapse(CONNECT_MS - HALF_MS);
  for (const client of clients) {
    const state = stateOf(client);
    if (state !== 'nothing') throw new Miss('too early', `${state}, 0.5 ms before the time`);
  }
  host.elapse(2 * HALF_MS);
  for (const client of clients) {
    if (stateOf(client) === 'nothing') throw new Miss('too late', 'nothing, 0.5 ms after the time');
    expectLine(client, '502 ETIMEDOUT\n');
  }
  expectRead(host, clients);
  stop();
}

function expectLine(client: Peer, line: string): void {
  const { received, error } = client;
  const text = received.toString('latin1');
  if (text === line && client.isEnded && error === undefined) return;
  const isReset = text !== '' && line.startsWith(text) && error !== undefined;
  if (text === line && !client.isEnded) throw new Miss('no end', `${stateOf(client)}, and no end`);
  const said = `${stateOf(client)}, not ${JSON.stringify(line)} and the end`;
  throw new Miss(isReset ? 'a reset behind it' : 'not said', said);
}

function stateOf({ received, error, isEnded }: Peer): string {
  const end = error ?? (isEnded ? 'the end' : 'nothing');
  if (received.length === 0) return end;
  const text = JSON.stringify(received.toString('latin1', 0, 40));
  return end === 'nothing' ? text : `${text}, then ${end}`;
}

/** 7.9: clients that leave while the proxy connects, and pairs in which nothing moves. */
export async function times(task: SimulatedTask): Promise<void> {
  await hosted(task, {}, async (host) => {
    const servers: Peer[] = [];
    host.sim.listen(SERVER_PORT, (peer) => servers.push(peer));
    await leave(host);
    await endEarly(host, servers);
    await rest(host, servers);
  });
  await hosted(task, {}, wait, CONNECT_MS / 5);
}

// With an idleMs that is shorter than connectMs: a pair that is not connected has nothing to move.
async function wait(host: Host): Promise<void> {
  const stop = host.dropSyns();
  const client = (await host.connect()).write('question');
  host.elapse(CONNECT_MS - HALF_MS);
  if (stateOf(client) !== 'nothing') {
    const said = `${stateOf(client)}, and connectMs was not over`;
    throw new Miss('idle while connecting', said, { idleMs: CONNECT_MS / 5 });
  }
  stop();
}

async function leave(host: Host): Promise<void> {
  const stop = host.dropSyns();
  for (const bytes of [10, REQUEST.length]) {
    const client = (await host.connect()).write(REQUEST.subarray(0, bytes));
    host.elapse(10);
    if (!host.isConnecting) throw new Miss('not connected', 'no socket that connects');
    client.reset();
    host.elapse(10);
    const open = host.open.join('; ');
    if (open !== '') {
      throw new Miss('goes on alone', `${open}, with a client that had sent ${bytes} bytes`, {
        open,
      });
    }
  }
  stop();
}

async function endEarly(host: Host, servers: Peer[]): Promise<void> {
  const stop = host.dropSyns(0);
  const client = (await host.connect()).end('question');
  host.elapse(2000);
  stop();
  const server = servers.pop();
  const seen = server === undefined ? 'no connection' : stateOf(server);
  if (seen === '"question"') throw new Miss('no end', `at the server ${seen}, and no end of it`);
  if (seen !== '"question", then the end') {
    throw new Miss('taken for gone', `at the server ${seen}, not "question" and the end`);
  }
  server?.end('answer');
  host.elapse(10);
  if (stateOf(client) !== '"answer", then the end') {
    throw new Miss('taken for gone', `at the client ${stateOf(client)}, not the answer`);
  }
  host.expectAllClosed();
}

// Bytes of the client after 20 s, of the server after 40 s; then none.
async function rest(host: Host, servers: Peer[]): Promise<void> {
  const client = await host.connect();
  host.settle();
  const server = servers.pop();
  if (server === undefined) throw new Miss('not connected', 'no connection at the server');
  const expectOpen = (seconds: number): void => {
    if (!client.isEnded && !server.isEnded) return;
    const what = `the client has got ${stateOf(client)}, the server ${stateOf(server)}`;
    throw new Miss('too early', what, { seconds });
  };
  const pauseMs = 20_000;
  host.elapse(CONNECT_MS + 1);
  expectOpen(CONNECT_MS / 1000);
  host.elapse(pauseMs - CONNECT_MS - 1);
  client.write('from the client');
  host.elapse(pauseMs);
  expectOpen(pauseMs / 1000);
  server.write('from the server');
  host.settle();
  host.elapse(IDLE_MS - HALF_MS);
  expectOpen((IDLE_MS - HALF_MS) / 1000);
  host.elapse(2 * HALF_MS);
  for (const [peer, name] of [[client, 'client'] as const, [server, 'server'] as const]) {
    if (!peer.isEnded) throw new Miss('too late', `the ${name} is connected after 30 s`);
    if (peer.error === undefined) throw new Miss('an end in order', `at the ${name}`);
  }
  host.expectAllClosed();
}

/** Turns, a millisecond each, in which nothing has come: nothing will. Longer than anything is late. */
const QUIET_TURNS = 25;
/** Those that read late do so when nothing has come for so long. */
const RESUME_TURNS = 10;
const DELAY_MS = 5;
const FAULTS = {
  delayMs: DELAY_MS,
  cut: 0.2,
  shortReads: 0.1,
  shortWrites: 0.2,
  spurious: 0.1,
  order: 0.3,
};
const RESETS = 0.01;
/** Small, so that the queues of the proxy fill. */
const BUFFERS = { send: 32_768, receive: 32_768 };
/** Bytes from the client and from the server, of each pair. */
const SIZES = [
  [150_000, 100_000],
  [1000, 200_000],
  [120_000, 10],
] as const;

interface Stream {
  readonly client: Peer;
  readonly up: Buffer;
  readonly down: Buffer;
  server: Peer | undefined;
}

/** 7.10: three pairs and faults by chance; without resets, then with them. */
export async function chance(task: SimulatedTask): Promise<void> {
  const { runs, seed } = task;
  const random = randomFrom(seed);
  const data = SIZES.map(([up, down]) => [bytesFrom(random, up), bytesFrom(random, down)] as const);
  for (const [index, [up]] of data.entries()) up[0] = index; // by which a server knows its client
  for (const resets of [0, RESETS]) {
    const options = {
      runs: Math.ceil(runs / 2),
      faults: { ...FAULTS, resets },
      buffers: BUFFERS,
      shrinkMs: 500,
      repeatEvery: 0,
    };
    await hosted(task, options, (host) => meet(host, data, resets > 0));
  }
}

async function meet(
  host: Host,
  data: readonly (readonly [Buffer, Buffer])[],
  hasResets: boolean,
): Promise<void> {
  const streams: Stream[] = [];
  const servers: Peer[] = [];
  host.sim.listen(SERVER_PORT, (peer) => servers.push(peer));
  for (const [up, down] of data) {
    const client = await host.connect();
    streams.push({ client, up, down, server: undefined });
    client.end(up);
  }
  streams[1]?.client.pause();
  await untilQuiet(host, streams, servers);
  for (const [index, stream] of streams.entries()) judge(stream, index, hasResets);
}

/** Turns until nothing comes any more. Each server answers its client as soon as it knows it by its first byte. */
async function untilQuiet(host: Host, streams: Stream[], servers: readonly Peer[]): Promise<void> {
  const seen = (): number => {
    const peers = [...streams.map(({ client }) => client), ...servers];
    return peers.reduce((sum, { received, isEnded }) => sum + received.length + Number(isEnded), 0);
  };
  for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
    const before = seen();
    host.turn();
    await host.sim.elapse('1ms');
    for (const server of servers) {
      const stream = streams[server.received[0] ?? -1];
      if (stream === undefined || stream.server !== undefined) continue;
      stream.server = server;
      server.end(stream.down);
      if (stream === streams[2]) server.pause();
    }
    if (seen() !== before) quiet = 0;
    if (quiet !== RESUME_TURNS) continue;
    streams[1]?.client.resume();
    streams[2]?.server?.resume();
  }
}

function judge({ client, server, up, down }: Stream, index: number, hasResets: boolean): void {
  const isReset = client.error !== undefined || server?.error !== undefined;
  if (isReset && !hasResets) {
    const what = `pair ${index + 1}: ${client.error ?? server?.error}`;
    throw new Miss('reset without reason', what);
  }
  if (!isReset && server === undefined) {
    throw new Miss('not connected', `pair ${index + 1}: nothing has come to a server`);
  }
  if (server !== undefined) judgeOne(server, up, isReset, `server ${index + 1}`);
  judgeOne(client, down, isReset, `client ${index + 1}`);
}

function judgeOne(peer: Peer, wanted: Buffer, isReset: boolean, name: string): void {
  const { received, isEnded, error } = peer;
  if (!wanted.subarray(0, received.length).equals(received)) {
    throw new Miss('mixed', `${name} has got other bytes`);
  }
  const isWhole = received.length === wanted.length;
  if (error !== undefined || (isWhole && isEnded)) return;
  const said = `${name}: ${received.length} of ${wanted.length} bytes`;
  if (isEnded) throw new Miss('a lie', `${said}, then the end`);
  if (isReset)
    throw new Miss('not passed on', `${said}; the other connection of its pair was reset`);
  throw new Miss(isWhole ? 'no end' : 'stuck', said);
}
