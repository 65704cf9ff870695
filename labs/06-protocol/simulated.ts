// Checks of lab 6 in simulated time: the server is turned by hand, and time passes while it waits.
import { type Peer, type Simulation, simulate } from 'edgewise/testing';
import { Miss } from '../src/lab.ts';
import { closeAll } from '../src/simulated/leftover.ts';
import type { SimulatedTask } from '../src/simulated/run.ts';
import { missOf } from './checks/asking.ts';
import { bulk, command, NIL, OK, push, shown, subscribed, type Word } from './checks/wire.ts';

interface Server {
  turn(timeoutMs: number): void;
  close(): void;
}
type CreateServer = (options: { host: string; port: number }) => Server;

const PORT = 7006;
const PATIENCE_MS = 5000;
const STEP_MS = 1;
const TURNS_NOW = 4;
const TURNS_MAX = 50_000;

class Host {
  readonly #sim: Simulation;
  readonly #server: Server;

  constructor(sim: Simulation, { createServer }: SimulatedTask['program']) {
    if (typeof createServer !== 'function') throw new Miss('not exported', 'no createServer');
    this.#sim = sim;
    this.#server = (createServer as CreateServer)({ host: '127.0.0.1', port: PORT });
  }

  get now(): number {
    return this.#sim.now;
  }

  connect(): Promise<Peer> {
    return this.#sim.connect(PORT);
  }

  /** Turns until something is so; false: it is not in so many milliseconds. */
  until(isSo: () => boolean, ms = PATIENCE_MS): boolean {
    const endMs = this.now + ms;
    while (!this.#settle(isSo) && this.now < endMs) this.#server.turn(STEP_MS);
    return isSo();
  }

  /** Lets time pass. */
  elapse(ms: number): void {
    const endMs = this.now + ms;
    for (let turns = 0; this.now < endMs; turns++) {
      if (turns === TURNS_MAX)
        throw new Miss('no answer', `${TURNS_MAX} turns, and no time passes`);
      this.#server.turn(endMs - this.now);
    }
  }

  /** Turns while there is something to do now. */
  settle(): void {
    this.#settle(() => false);
  }

  // A peer takes what was sent in the time after the turn: none passes for that.
  #settle(isSo: () => boolean): boolean {
    for (let turns = 0; turns < TURNS_NOW && !isSo(); turns++) this.#server.turn(0);
    return isSo();
  }

  /** The next answer, as long as the one that is expected. @throws Miss - it is another one. */
  expect(
    peer: Peer,
    from: number,
    wanted: Buffer | string,
    what: string | ((index: number) => string),
  ): number {
    const expected = Buffer.from(wanted);
    const to = from + expected.length;
    this.until(() => peer.received.length >= to || peer.isEnded);
    if (peer.received.subarray(from, to).equals(expected)) return to;
    throw missOf(peer.received.subarray(from), expected, peer.isEnded, what);
  }

  close(): void {
    this.#server.close();
  }
}

function run({ program, seed }: SimulatedTask, body: (host: Host) => Promise<void>): Promise<void> {
  return simulate({ seed, shrinkMs: 0 }, async (sim) => {
    const host = new Host(sim, program);
    try {
      await body(host);
    } finally {
      host.close();
      closeAll(sim);
    }
  });
}

/** Twenty commands, of which each leaves what the next ones need, and their answers. */
const PIPELINE: readonly (readonly [readonly Word[], Buffer | string])[] = [
  [['PING'], '+PONG\r\n'],
  [['PING', 'a b'], bulk('a b')],
  [['DEL', 'k', 'empty', 'lines'], ':0\r\n'],
  [['GET', 'k'], NIL],
  [['SET', 'k', 'one'], OK],
  [['GET', 'k'], bulk('one')],
  [['set', 'k', 'two'], OK],
  [['get', 'k'], bulk('two')],
  [['SET', 'empty', ''], OK],
  [['GET', 'empty'], bulk('')],
  [['SET', 'lines', '\r\n$3\r\n*1\r\n'], OK],
  [['GET', 'lines'], bulk('\r\n$3\r\n*1\r\n')],
  [['ECHO', Uint8Array.of(0, 255, 13, 10)], bulk(Uint8Array.of(0, 255, 13, 10))],
  [['ECHO', 'grüße'], bulk('grüße')],
  [['PUBLISH', 'none', 'x'], ':0\r\n'],
  [['SET', 'k', 'three'], OK],
  [['GET', 'k'], bulk('three')],
  [['DEL', 'k', 'empty', 'lines', 'k'], ':3\r\n'],
  [['GET', 'k'], NIL],
  [['ECHO', 'the end'], bulk('the end')],
];

/** 6.2: a pipeline in one segment; then cut once at each of its bytes, and byte by byte. */
export const cuts = (task: SimulatedTask): Promise<void> =>
  run(task, async (host) => {
    const bytes = Buffer.concat(PIPELINE.map(([words]) => command(...words)));
    const segments = (cut: number): Buffer[] => [bytes.subarray(0, cut), bytes.subarray(cut)];
    await inOneSegment(host, bytes);
    for (let cut = 1; cut < bytes.length; cut++) {
      await sendSegments(host, segments(cut), `of ${bytes.length} bytes, cut behind ${cut}`);
    }
    const each = [...bytes].map((byte) => Buffer.of(byte));
    await sendSegments(host, each, 'sent byte by byte');
  });

// A command that is answered wrongly without a cut says nothing about cuts.
async function inOneSegment(host: Host, bytes: Buffer): Promise<void> {
  try {
    await sendSegments(host, [bytes], 'all sent in one segment');
  } catch (error) {
    if (!(error instanceof Miss) || error.why !== 'wrong answer') throw error;
    throw new Miss('wrong uncut', error.got);
  }
}

async function sendSegments(host: Host, segments: readonly Buffer[], how: string): Promise<void> {
  const answers = Buffer.concat(PIPELINE.map(([, answer]) => Buffer.from(answer)));
  const peer = await host.connect();
  for (const segment of segments) {
    peer.write(segment);
    host.settle();
  }
  host.expect(peer, 0, answers, (index) => `to ${named(index)}; ${how}`);
  peer.end();
  host.until(() => peer.isEnded);
}

function named(index: number): string {
  const words = PIPELINE[index]?.[0] ?? [];
  const text = words.map((word) => Buffer.from(word).toString()).join(' ');
  return `${shown(Buffer.from(text))}, command ${index + 1} of ${PIPELINE.length}`;
}

/** 6.5: what is set with PX. */
export const expiry = (task: SimulatedTask): Promise<void> =>
  run(task, async (host) => {
    const peer = await host.connect();
    let at = 0;
    const ask = (words: readonly string[], answer: Buffer | string, what: string): void => {
      peer.write(command(...words));
      try {
        at = host.expect(peer, at, answer, what);
      } catch (error) {
        if (!(error instanceof Miss) || error.why !== 'wrong answer') throw error;
        throw new Miss(whyExpiry(words, answer, peer.received.toString('latin1', at)), error.got);
      }
    };
    ask(['SET', 'a', '1', 'PX', '100'], OK, 'to SET a 1 PX 100');
    host.elapse(99.5);
    ask(['GET', 'a'], bulk('1'), '0.5 ms before its time');
    host.elapse(1);
    ask(['GET', 'a'], NIL, '0.5 ms after its time');
    ask(['SET', 'b', '1', 'PX', '100'], OK, 'to SET b 1 PX 100');
    host.elapse(60);
    ask(['SET', 'b', '2'], OK, 'to SET');
    host.elapse(60);
    ask(['GET', 'b'], bulk('2'), 'at 120 ms, set with PX 100 and then without');
    ask(['SET', 'c', '1', 'PX', '100'], OK, 'to SET');
    host.elapse(60);
    ask(['SET', 'c', '2', 'PX', '100'], OK, 'to SET');
    host.elapse(60);
    ask(['GET', 'c'], bulk('2'), 'at 120 ms, set with PX 100 at 0 and again at 60');
    host.elapse(60);
    ask(['GET', 'c'], NIL, 'at 180 ms, set with PX 100 at 0 and again at 60');
    ask(['SET', 'd', '1', 'PX', '100'], OK, 'to SET');
    ask(['DEL', 'd'], ':1\r\n', 'to DEL');
    ask(['SET', 'd', '2'], OK, 'to SET');
    host.elapse(120);
    ask(['GET', 'd'], bulk('2'), 'set without PX, after one with PX 100 was deleted');
  });

function whyExpiry(words: readonly string[], answer: Buffer | string, got: string): string {
  if (words.includes('PX')) return 'not set';
  if (got === NIL) return 'too early';
  return answer === NIL && got.startsWith('$') ? 'too late' : 'wrong answer';
}

const MESSAGE_BYTES = 65_536;
const MESSAGES = 40;
const LIMIT_BYTES = 1024 * 1024;
/** What waits for a client, beyond what the two kernels hold for it, and a message. */
const EVICTED_MAX = 2 * LIMIT_BYTES;
const SMALL = 2000;

/** 6.6: subscribers, of which one does not read. */
export const fanOut = (task: SimulatedTask): Promise<void> =>
  run(task, async (host) => {
    const [good, deaf, publisher] = [
      await host.connect(),
      await host.connect(),
      await host.connect(),
    ];
    for (const peer of [good, deaf]) peer.write(command('SUBSCRIBE', 'sport'));
    let goodAt = host.expect(good, 0, subscribed('sport', 1), 'to SUBSCRIBE');
    host.expect(deaf, 0, subscribed('sport', 1), 'to SUBSCRIBE');
    goodAt = burst(host, publisher, good, goodAt);
    deaf.pause();
    const message = Buffer.alloc(MESSAGE_BYTES, 'm');
    let publisherAt = SMALL * ':2\r\n'.length;
    let evictedBytes: number | undefined;
    for (let count = 1; count <= MESSAGES; count++) {
      publisher.write(command('PUBLISH', 'sport', message));
      const isThere = host.until(() => publisher.received.length >= publisherAt + 4, 1000);
      const answer = publisher.received.toString('latin1', publisherAt);
      if (!isThere)
        throw new Miss('publisher waits', `message ${count}: ${shown(Buffer.from(answer))}`);
      publisherAt += 4;
      if (answer === ':1\r\n') evictedBytes ??= count * MESSAGE_BYTES;
      goodAt = host.expect(good, goodAt, push('sport', message), `at the other subscriber`);
    }
    judgeEviction(evictedBytes);
    deaf.resume();
    if (!host.until(() => deaf.isEnded)) throw new Miss('not closed', 'it is still connected');
  });

// Many small messages in one segment are few bytes.
function burst(host: Host, publisher: Peer, good: Peer, at: number): number {
  publisher.write(
    Buffer.concat(Array.from({ length: SMALL }, () => command('PUBLISH', 'sport', 'x'))),
  );
  host.expect(publisher, 0, ':2\r\n'.repeat(SMALL), `to ${SMALL} PUBLISH in one pipeline`);
  const all = Buffer.concat(Array.from({ length: SMALL }, () => push('sport', 'x')));
  return host.expect(good, at, all, `${SMALL} small messages at a subscriber that reads`);
}

function judgeEviction(evictedBytes: number | undefined): void {
  const all = MESSAGES * MESSAGE_BYTES;
  if (evictedBytes === undefined) {
    throw new Miss('never closed', `after ${all} bytes PUBLISH still counts it`, { bytes: all });
  }
  const values = { bytes: evictedBytes };
  if (evictedBytes > EVICTED_MAX) {
    throw new Miss('never closed', `it was closed after ${evictedBytes} bytes`, values);
  }
  if (evictedBytes >= LIMIT_BYTES) return;
  throw new Miss('closed too early', `it was closed after ${evictedBytes} bytes`, values);
}

/** 6.7: a client that asks for much, and does not read. */
export const backedUp = (task: SimulatedTask): Promise<void> =>
  run(task, async (host) => {
    const [greedy, other] = [await host.connect(), await host.connect()];
    const value = Buffer.alloc(MESSAGE_BYTES, 'v');
    other.write(command('SET', 'big', value));
    let at = host.expect(other, 0, OK, 'to SET');
    greedy.pause();
    const gets = Array.from({ length: MESSAGES }, () => command('GET', 'big'));
    greedy.write(Buffer.concat([...gets, command('SET', 'flag', 'done')]));
    host.elapse(100);
    other.write(command('GET', 'flag'));
    const isThere = host.until(() => other.received.length > at);
    if (!isThere) throw new Miss('no answer', 'to GET of another client');
    if (other.received.toString('latin1', at) !== NIL) {
      const bytes = MESSAGES * MESSAGE_BYTES;
      const what = `a command behind ${MESSAGES} answers of ${MESSAGE_BYTES} bytes was carried out before one of them was read`;
      throw new Miss('unbounded', what, { bytes });
    }
    at += NIL.length;
    greedy.resume();
    const answers = Buffer.concat([...gets.map(() => bulk(value)), Buffer.from(OK)]);
    host.expect(greedy, 0, answers, 'when the client reads again');
    other.write(command('GET', 'flag'));
    host.expect(other, at, bulk('done'), 'to GET, behind all that');
  });

/** 6.10: clients that say nothing. */
export const idle = (task: SimulatedTask): Promise<void> =>
  run(task, async (host) => {
    const [silent, alive, listening] = [
      await host.connect(),
      await host.connect(),
      await host.connect(),
    ];
    listening.write(command('SUBSCRIBE', 'sport'));
    const at = host.expect(listening, 0, subscribed('sport', 1), 'to SUBSCRIBE');
    host.elapse(20_000);
    alive.write(command('PING'));
    host.expect(alive, 0, '+PONG\r\n', 'after 20 s of silence');
    host.elapse(9000);
    if (silent.isEnded) throw new Miss('too early', 'a silent client was closed before 30 s');
    host.elapse(2000);
    if (!silent.isEnded) throw new Miss('not closed', 'a silent client is there after 31 s');
    host.elapse(15_000);
    if (alive.isEnded) throw new Miss('too early', 'closed 26 s after its last command');
    alive.write(command('PUBLISH', 'sport', 'x'));
    if (!host.until(() => alive.received.length > 7)) throw new Miss('no answer', 'to PUBLISH');
    if (listening.isEnded) throw new Miss('subscriber closed', 'after 46 s without a command');
    host.expect(listening, at, push('sport', 'x'), 'at the subscriber, after 46 s');
  });
