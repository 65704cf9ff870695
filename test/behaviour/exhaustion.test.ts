// A listener that runs out of descriptors (pitfall 14), and one that many connect to at once (15).
// The server is a process of its own, with a limit of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect as nodeConnect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as elapsed } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { adoptListener } from '../../src/net/listen/listen.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import * as sys from '../../src/sys/index.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { Recorder } from '../net/recorder.ts';

const HOST = '127.0.0.1';
const SERVER = fileURLToPath(new URL('../workers/crowded-net-listener.mjs', import.meta.url));
const CLIENT_COUNT = 200;

interface Figures {
  readonly accepted: number;
  readonly exhausted: number;
  readonly shed: number;
  readonly open: number;
  readonly waits: number;
  readonly cpuMs: number;
}

class CrowdedServer {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(policy: string, trigger: string) {
    const args = [SERVER, policy, trigger, '64'];
    this.#child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const input = this.#child.stdout as NodeJS.ReadableStream;
    this.#lines = createInterface({ input })[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error('the server ended');
    return value;
  }

  async figures(): Promise<Figures> {
    this.#child.stdin?.write('\n');
    return JSON.parse(await this.line());
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'close');
    this.#child.stdin?.end();
    expect(await ended).toEqual([0, null]);
  }
}

/** Sends a byte and is served, or turned away. */
class Client {
  readonly socket: Socket;
  readonly settled: Promise<'served' | 'turned away'>;
  isServed = false;
  isSettled = false;

  constructor(port: number) {
    this.socket = nodeConnect(port, HOST);
    this.settled = new Promise((resolve) => {
      const settle = (outcome: 'served' | 'turned away') => {
        this.isServed ||= outcome === 'served';
        this.isSettled = true;
        resolve(outcome);
      };
      this.socket.on('error', () => settle('turned away')); // reset: our byte was not read
      this.socket.once('close', () => settle('turned away'));
      this.socket.once('data', () => settle('served'));
    });
    this.socket.write('x');
  }

  async echo(): Promise<string> {
    this.socket.write('again');
    let echoed = '';
    while (echoed.length < 'again'.length) {
      const [bytes] = await once(this.socket, 'data');
      echoed += bytes;
    }
    return echoed;
  }
}

describe.each([
  ['pause', 'level'],
  ['pause', 'edge'],
  ['shed', 'level'],
  ['shed', 'edge'],
])('out of descriptors: %s, %s', (policy, trigger) => {
  let clients: Client[] = [];
  useDescriptors();
  afterEach(() => {
    for (const { socket } of clients) socket.destroy();
    clients = [];
  });

  it('serves what it accepted, stays calm, and recovers', async () => {
    const server = new CrowdedServer(policy, trigger);
    const port = Number(await server.line());
    clients = Array.from({ length: CLIENT_COUNT }, () => new Client(port));
    const isFull = ({ accepted, shed, exhausted }: Figures) =>
      policy === 'shed' ? accepted + shed === CLIENT_COUNT : exhausted > 0;
    let full = await server.figures();
    while (!isFull(full)) full = await server.figures();
    expect(full.exhausted).toBeGreaterThan(0);

    // Existing connections go on.
    while (clients.filter(({ isServed }) => isServed).length < full.accepted) {
      const waiting = clients.filter(({ isSettled }) => !isSettled);
      await Promise.race(waiting.map(({ settled }) => settled));
    }
    const served = clients.filter(({ isServed }) => isServed);
    expect(served.length).toBeGreaterThan(10);
    expect(await Promise.all(served.map((client) => client.echo()))).toEqual(
      served.map(() => 'again'),
    );

    // It does not spin: a window of time is what is measured.
    const before = await server.figures();
    await elapsed(500);
    const after = await server.figures();
    expect(after.cpuMs - before.cpuMs).toBeLessThan(100);
    expect(after.waits - before.waits).toBeLessThan(100);

    // The load goes: what waited is served, and what comes later as well.
    for (const client of clients) void client.settled.then(() => client.socket.end());
    const outcomes = await Promise.all(clients.map(({ settled }) => settled));
    const servedCount = outcomes.filter((outcome) => outcome === 'served').length;
    const { accepted, shed } = await server.figures();
    expect(accepted).toBe(servedCount);
    expect(shed).toBe(CLIENT_COUNT - servedCount);
    if (policy === 'pause') expect(servedCount).toBe(CLIENT_COUNT);
    else expect(shed).toBeGreaterThan(0);

    while ((await server.figures()).open > 0);
    const later = Array.from({ length: 10 }, () => new Client(port));
    clients.push(...later);
    const laterOutcomes = await Promise.all(later.map(({ settled }) => settled));
    expect(laterOutcomes).toEqual(later.map(() => 'served'));
    for (const { socket } of clients) socket.destroy();
    await server.stop();
  });
});

describe.each(['level', 'edge'] as const)('%s: a thousand at once', (trigger) => {
  const descriptors = useDescriptors();

  it('accepts all that connected before it looked', async () => {
    const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK } = sys.constants;
    const listening = descriptors.listener();
    sys.listen(listening.fd, 4096);
    for (let i = 0; i < 1000; i++) {
      const fd = descriptors.track(sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK));
      sys.connect(fd, listening.address);
    }
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    const server = new Recorder();
    const own = descriptors.dup(listening.fd);
    const { handlers } = server;
    const listener = adoptListener(sys.dup(own), { handlers, reactor, trigger });
    await server.called('open', 1000);
    expect(listener.stats).toMatchObject({ accepted: 1000, aborted: 0, exhausted: 0 });
  });
});

describe('the reserve', () => {
  const descriptors = useDescriptors();

  // Node closes with a worker what fs opened in it, by the number.
  it('of a closed listener takes no descriptor of another thread along with its own thread', async () => {
    const worker = new Worker(new URL('../workers/closed-listener.mjs', import.meta.url));
    await once(worker, 'message');
    const mine = Array.from({ length: 32 }, () => descriptors.pipe()).flat();
    const ended = once(worker, 'exit');
    worker.postMessage('end');
    await ended;
    const lost = mine.filter((fd) => sys.fcntl(fd, sys.constants.F_GETFD) < 0);
    expect(lost).toEqual([]);
  });
});
