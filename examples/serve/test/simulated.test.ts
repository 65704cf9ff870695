// The server as it is on a simulated kernel, over and over: its segments are cut and late, its reads and writes
// short, and its clients rude. Its files are real ones.
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Peer, type SimulateOptions, type Simulation, simulate } from 'edgewise/testing';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FileServer } from '../server.ts';
import { countDescriptors, head } from './running.ts';

const PORT = 7007;
const LISTENER = `listener 127.0.0.1:${PORT}`;
const FAULTS = {
  delayMs: 20,
  cut: 0.3,
  shortReads: 0.3,
  shortWrites: 0.3,
  spurious: 0.1,
  order: 0.3,
};
const SMALL = { send: 4096, receive: 4096 };
const BIG = Buffer.from(Array.from({ length: 40_000 }, (_, at) => (at * at) % 251));

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'serve-')));
writeFileSync(join(folder, 'index.html'), 'hello');
writeFileSync(join(folder, 'big'), BIG);
afterAll(() => rmSync(folder, { recursive: true }));

let before = 0;
beforeEach(() => {
  before = countDescriptors();
});
afterEach(() => expect(countDescriptors(), 'open files').toBe(before));

/** Runs a test of the server, which then ends in order, and leaves nothing open. */
async function serving(
  body: (sim: Simulation) => Promise<void>,
  options: SimulateOptions = {},
): Promise<void> {
  const all: SimulateOptions = { runs: 25, edges: 'strict', allow: ['fs'], ...options };
  await simulate({ ...all, faults: { ...FAULTS, ...options.faults } }, async (sim) => {
    const server = new FileServer({ folder, port: PORT });
    const done = server.run();
    await body(sim);
    await sim.calm();
    await sim.elapse('20s'); // what is idle is closed after 15
    expect(server.connections.size).toBe(0);
    expect(sim.descriptors.open.filter((what) => what !== 'eventfd')).toEqual([LISTENER]);
    expect(sim.signal('SIGTERM')).toBe(true);
    await done;
  });
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** The next answer that a client gets. */
async function answerTo(client: Peer, method: 'GET' | 'HEAD' = 'GET'): Promise<Answer> {
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(await client.line())?.[1]);
  let length = 0;
  for (let line = await client.line(); line !== '\r'; line = await client.line()) {
    expect(line, 'a whole field').toMatch(/^[\w-]+: .*\r$/);
    length = Number(/^Content-Length: (\d+)/.exec(line)?.[1] ?? length);
  }
  const bytes = await client.read(method === 'HEAD' ? 0 : length);
  return { status, body: bytes.toString('latin1') };
}

const HELLO: Answer = { status: 200, body: 'hello' };
const WHOLE: Answer = { status: 200, body: BIG.toString('latin1') };

describe('requests', () => {
  test('one that is cut at any byte is answered once', () =>
    serving(
      async (sim) => {
        const request = head('/');
        const clients: Peer[] = [];
        for (let at = 1; at < request.length; at++) {
          const client = await sim.connect(PORT);
          client.write(request.slice(0, at));
          clients.push(client);
        }
        await sim.elapse('1s');
        for (const [index, client] of clients.entries()) {
          expect(String(client.received)).toBe('');
          client.end(request.slice(index + 1));
        }
        for (const client of clients) {
          expect(await answerTo(client)).toEqual(HELLO);
          expect(await client.text()).toBe('');
          expect(client.error).toBe(undefined);
        }
      },
      { runs: 5, repeatEvery: 0 }, // files of many clients are opened in no order
    ));

  test('those that are sent ahead are answered in their order', () =>
    serving(async (sim) => {
      const client = await sim.connect(PORT);
      const targets = ['/', '/big', '/missing', '/', '/big', '/'];
      client.write(targets.map((target) => head(target)).join(''));
      client.end(head('/big').replace('GET', 'HEAD'));
      const statuses = { '/': HELLO, '/big': WHOLE } as Record<string, Answer>;
      const missing = { status: 404, body: '404 Not Found\n' };
      for (const target of targets) {
        expect(await answerTo(client)).toEqual(statuses[target] ?? missing);
      }
      expect(await answerTo(client, 'HEAD')).toEqual({ status: 200, body: '' });
      expect(await client.text()).toBe('');
      expect(client.error).toBe(undefined);
    }));

  test('a connection is kept for the next one, and closed after 15 seconds without', () =>
    serving(async (sim) => {
      const client = await sim.connect(PORT);
      for (let count = 0; count < 3; count++) {
        client.write(head('/'));
        expect(await answerTo(client)).toEqual(HELLO);
        await sim.elapse('14s');
        expect(client.isEnded).toBe(false);
      }
      await sim.elapse('2s');
      expect([client.isEnded, client.error]).toEqual([true, undefined]);
    }));

  test('a head that comes byte by byte has ten seconds', () =>
    serving(async (sim) => {
      const client = await sim.connect(PORT);
      const bytes = head('/')[Symbol.iterator]();
      for (let count = 0; !client.isEnded; count++) {
        expect(count).toBeLessThan(12);
        client.write(bytes.next().value as string);
        await sim.elapse('1s');
      }
      expect((await answerTo(client)).status).toBe(408);
    }));
});

describe('clients', () => {
  test('one that resets in the middle disturbs no other', () =>
    serving(
      async (sim) => {
        const [early, middle, late, polite] = await Promise.all([
          sim.connect(PORT),
          sim.connect(PORT),
          sim.connect(PORT),
          sim.connect(PORT),
        ]);
        early.write('GET / HT');
        middle.write(head('/big'));
        late.pause().write(head('/big'));
        polite.write(head('/big'));
        early.reset();
        await middle.read(5000);
        middle.reset();
        await sim.settle();
        late.reset();
        expect(await answerTo(polite)).toEqual(WHOLE);
      },
      { buffers: SMALL, repeatEvery: 0 },
    ));

  test('one that reads slowly gets all, and one that does not read is left after 15 seconds', () =>
    serving(
      async (sim) => {
        const [slow, deaf] = await Promise.all([sim.connect(PORT), sim.connect(PORT)]);
        slow.slow(50).end(head('/big'));
        deaf.pause().write(head('/big'));
        expect(await answerTo(slow)).toEqual(WHOLE);
        expect(await slow.text()).toBe('');
        expect(sim.descriptors.count).toBe(3); // of the deaf one, the listener, and what signals wake
        await sim.elapse('20s');
        deaf.resume();
        expect((await deaf.bytes()).length).toBeLessThan(BIG.length);
        expect(await slow.text()).toBe('');
        expect(slow.error).toBe(undefined);
      },
      { buffers: SMALL, repeatEvery: 0 },
    ));

  test('all are served although descriptors run out for a while', () =>
    serving(
      async (sim) => {
        sim.fail('accept4', 'EMFILE', { times: 3 });
        const clients = await Promise.all(Array.from({ length: 5 }, () => sim.connect(PORT)));
        for (const client of clients) client.write(head('/'));
        for (const client of clients) expect(await answerTo(client)).toEqual(HELLO);
      },
      { repeatEvery: 0 },
    ));

  test('whose network resets get a beginning of their answer, and the next ones all', () =>
    serving(
      async (sim) => {
        for (let count = 0; count < 4; count++) {
          const client = await sim.connect(PORT);
          client.end(head('/big'));
          const text = (await client.bytes()).toString('latin1');
          const [, body = ''] = /^HTTP.*?\r\n\r\n(.*)$/s.exec(text) ?? [];
          if (client.error === undefined) expect(body).toBe(WHOLE.body);
          else expect([client.error, WHOLE.body.startsWith(body)]).toEqual(['ECONNRESET', true]);
        }
        await sim.calm();
        const client = await sim.connect(PORT);
        client.write(head('/big'));
        expect(await answerTo(client)).toEqual(WHOLE);
      },
      { buffers: SMALL, faults: { resets: 0.03 } },
    ));
});

test('an answer that is under way at SIGTERM is sent to its end', () =>
  simulate({ runs: 25, allow: ['fs'], faults: FAULTS, buffers: SMALL }, async (sim) => {
    const server = new FileServer({ folder, port: PORT });
    const done = server.run();
    const client = await sim.connect(PORT);
    client.write(head('/big') + head('/'));
    await client.read(1000);
    expect(sim.signal('SIGTERM')).toBe(true);
    await sim.elapse(1);
    await expect(sim.connect(PORT)).rejects.toThrow('ECONNREFUSED');
    await client.bytes();
    const [, first, second] = client.received.toString('latin1').split('\r\n\r\n');
    expect([first === WHOLE.body, second, client.error]).toEqual([true, undefined, undefined]);
    await done;
  }));
