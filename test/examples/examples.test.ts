// Every example, run as a user runs it: a child process, spoken to with node:net. Those of sources
// that are no sockets: examples.sources.test.ts.
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { Poller } from '../../src/index.ts';
import { type Ending, ExampleProcess, receive } from '../helpers/example-process.ts';

const FOLDER = new URL('../../examples/', import.meta.url);
const FILES = readdirSync(FOLDER).filter((file) => file.endsWith('.ts'));
const ECHOES = ['echo', 'echo-proactor', 'echo-awaited'];
const DISCARDS = ['discard', 'discard-edge'];
const SERVERS = [...ECHOES, ...DISCARDS, 'daytime', 'chargen', 'chat', 'offload'];
const LOOK_MS = 100;
const LOOKS_MAX = 50;
const isLinux = process.platform === 'linux';

const running: ExampleProcess[] = [];
const sockets: Socket[] = [];

function start(name: string, args: string[] = [], input?: string | number): ExampleProcess {
  const example = new ExampleProcess(name, args, input);
  running.push(example);
  return example;
}

function serve(name: string): ExampleProcess {
  return start(name, ['0']);
}

async function connectTo(example: ExampleProcess): Promise<Socket> {
  const socket = await example.connect();
  socket.on('error', () => undefined); // `receive` throws it, and it stays in `socket.errored`
  sockets.push(socket);
  return socket;
}

// An armed write interest with nothing to write would use up a whole core, at every look.
async function expectIdleSoon(example: ExampleProcess): Promise<void> {
  if (!isLinux) return;
  for (let look = 0; look < LOOKS_MAX; look++) {
    const before = example.cpuTicks(); // throws when the example has ended
    await delay(LOOK_MS);
    if (example.cpuTicks() - before <= 1) return;
  }
  expect.fail('it never came to rest');
}

function expectCleanEnd({ code, stderr }: Ending): void {
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
}

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const example of running.splice(0)) example.kill();
});

test.each(FILES)('%s has at most 60 lines', (file) => {
  const text = readFileSync(new URL(file, FOLDER), 'utf8');
  expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(60);
});

test('the README has a row for every example', () => {
  const readme = readFileSync(new URL('README.md', FOLDER), 'utf8');
  expect(FILES.filter((file) => !readme.includes(`[\`${file}\`](${file})`))).toEqual([]);
});

test('an unknown name is refused with the list of names and exit code 2', async () => {
  const { code, stderr } = await start('nonsense').ending();
  expect(code).toBe(2);
  expect(stderr).toMatch(/^example: unknown example 'nonsense'\nusage: npm run example -- NAME/);
  expect(stderr).toMatch(/^ .* echo$/m);
});

const ENDINGS = SERVERS.flatMap((name) => [
  [name, 'SIGINT'] as const,
  ...(/^echo(-proactor)?$/.test(name) ? [] : [[name, 'SIGTERM'] as const]), // these: only one
]);

test.each(ENDINGS)('%s ends in good order by %s', async (name, signal) => {
  const example = serve(name);
  await connectTo(example);
  expectCleanEnd(await example.end(signal));
});

test.each(SERVERS)('%s goes on after a client that resets, and rests then', async (name) => {
  const example = serve(name);
  const rude = await connectTo(example);
  rude.write('something');
  rude.resetAndDestroy();
  const polite = await connectTo(example);
  polite.end('x');
  await receive(polite);
  await expectIdleSoon(example);
  expectCleanEnd(await example.end());
});

describe.each(ECHOES)('%s', (name) => {
  test('sends back what it gets, and rests between two messages', async () => {
    const example = serve(name);
    const client = await connectTo(example);
    client.write('hello');
    expect(String(await receive(client, 5))).toBe('hello');
    await expectIdleSoon(example);
    client.end('bye');
    expect(String(await receive(client))).toBe('bye');
  });

  test('keeps every byte for a client that reads late, and rests meanwhile', async () => {
    const example = serve(name);
    const client = await connectTo(example);
    const message = numbered(16 << 20);
    client.end(message);
    await expectIdleSoon(example);
    expect((await receive(client)).equals(message)).toBe(true);
  });
});

describe.each(DISCARDS)('%s', (name) => {
  test('takes a flood to its last byte and answers nothing', async () => {
    const example = serve(name);
    const client = await connectTo(example);
    client.end(Buffer.alloc(8 << 20));
    expect(await receive(client)).toHaveLength(0);
    await example.line(/^discarded 8388608 bytes, then the end$/);
  });

  test('is not starved by one client that floods', async () => {
    const example = serve(name);
    const flooder = await connectTo(example);
    const chunk = Buffer.alloc(1 << 20);
    const flood = (): void => {
      while (flooder.write(chunk));
    };
    flooder.on('drain', flood);
    flood();
    const other = await connectTo(example);
    other.end('12345');
    await example.line(/^discarded 5 bytes, then the end$/);
  });
});

describe('daytime', () => {
  test('sends the time and ends, also when it was sent something', async () => {
    const client = await connectTo(serve('daytime'));
    client.write(Buffer.alloc(1 << 16));
    const line = String(await receive(client));
    expect(line).toMatch(/ GMT\r\n$/);
    expect(Math.abs(Date.parse(line.trim()) - Date.now())).toBeLessThan(60_000);
    client.end();
  });

  test('hangs up on a client that never ends its side', async () => {
    const client = await connectTo(serve('daytime'));
    await receive(client);
    const closed = closing(client);
    const probe = setInterval(() => client.write('still here'), 50);
    await closed;
    clearInterval(probe);
    expect(client.errored).toHaveProperty('code', expect.stringMatching(/^(EPIPE|ECONNRESET)$/));
  });
});

describe('chargen', () => {
  // RFC 864: lines of 72 characters out of a ring of 95.
  function expectedText(length: number): string {
    const ring = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('');
    const lines = Array.from({ length: 95 }, (_, at) => (ring + ring).slice(at, at + 72));
    const period = lines.map((line) => `${line}\r\n`).join('');
    return period.repeat(Math.ceil(length / period.length)).slice(0, length);
  }

  test('pauses while a client does not read, serves others, and continues where it stopped', async () => {
    const example = serve('chargen');
    const lazy = await connectTo(example);
    await expectIdleSoon(example);
    const eager = await connectTo(example);
    const text = String(await receive(eager, 4 << 20));
    expect(text === expectedText(text.length)).toBe(true);
    eager.destroy();
    const late = String(await receive(lazy, 16 << 20)); // more than the kernel's buffers hold
    expect(late === expectedText(late.length)).toBe(true);
  });
});

describe('chat', () => {
  test('passes on to all others, not to the speaker, and rests then', async () => {
    const example = serve('chat');
    const [speaker, ...others] = await members(example, 3);
    speaker.write('hello\n');
    for (const other of others) expect(await lineOf(other)).toMatch(/^guest \d+: hello\n$/);
    await expectIdleSoon(example);
    others[0]?.write('hi\n'); // the first thing that the speaker hears
    expect(await lineOf(speaker)).toMatch(/^guest \d+: hi\n$/);
  });

  test('drops a client that does not read, and only that one', async () => {
    const example = serve('chat');
    const [speaker, listener, deaf] = await members(example, 3);
    const dropped = closing(deaf as Socket);
    const text = Buffer.alloc(4000, 'x');
    let heardCount = 0;
    listener?.on('data', (chunk: Buffer) => {
      heardCount += chunk.length;
    });
    const talk = setInterval(() => {
      if (!speaker.writableNeedDrain) for (let count = 0; count < 64; count++) speaker.write(text);
      deaf?.write('am I still in?'); // a client that does not read sees a reset so
    }, 1);
    await dropped;
    clearInterval(talk);
    expect(heardCount).toBeGreaterThan(1 << 20);
    listener?.removeAllListeners('data');
    listener?.write('still here\n');
    expect(await lineOf(speaker)).toMatch(/still here\n$/);
    expectCleanEnd(await example.end());
  });

  // Connects `count` clients that the server is known to have: each has heard a later one.
  async function members(example: ExampleProcess, count: number): Promise<[Socket, ...Socket[]]> {
    const all: Socket[] = [];
    while (all.length < count) {
      const socket = await connectTo(example);
      const heard = all.map((earlier) => lineOf(earlier));
      if (heard.length > 0) socket.write('here\n');
      await Promise.all(heard);
      all.push(socket);
    }
    return all as [Socket, ...Socket[]];
  }

  async function lineOf(socket: Socket): Promise<string> {
    let text = '';
    while (!text.endsWith('\n')) text += String(await receive(socket, 1));
    return text;
  }
});

describe('pipe', () => {
  test('counts what comes through the pipe', async () => {
    const text = 'a line\n'.repeat(100_000);
    const { lines, code } = await start('pipe', [], text).ending();
    expect({ lines, code }).toEqual({ lines: [`100000 lines, ${text.length} bytes`], code: 0 });
  });

  test('says what to do with a regular file', async () => {
    const file = openSync(new URL(import.meta.url), 'r');
    const ending = start('pipe', [], file).ending();
    closeSync(file);
    const { code, stderr } = await ending;
    expect(code).toBe(1);
    expect(stderr).toContain('node:fs');
  });
});

test('timer: ticks, then the watchdog, then the end', async () => {
  const { lines, code } = await start('timer').ending();
  expect(code).toBe(0);
  const times = lines.map((line) => Number.parseInt(line, 10));
  expect(times).toEqual([...times].sort((a, b) => a - b));
  const said = lines.map((line) => line.replace(/^ *\d+ ms {2}/, ''));
  // On a busy machine the quarter is over before the first turn, and its timers run before its end.
  expect(said.splice(0, 2).sort()).toEqual([
    'a quarter of a millisecond is over',
    'deferred: at the end of the first turn',
  ]);
  expect(said).toEqual([
    ...[1, 2, 3, 4, 5].map((count) => `tick ${count}`),
    'no tick for 50 ms',
    'nothing left to wait for',
  ]);
  expect(times.at(-2)).toBeGreaterThanOrEqual(5 * 20 + 50);
});

test('signal: reloads by SIGHUP, ends by SIGTERM, and process.on hears it too', async () => {
  const example = start('signal');
  await example.line(/^waiting for signals/);
  example.signal('SIGHUP');
  await example.line(/^SIGHUP \(1\): reload 1$/);
  example.signal('SIGHUP');
  await example.line(/reload 2$/);
  const ending = await example.end('SIGTERM');
  expectCleanEnd(ending);
  expect(ending.lines).toContain('SIGTERM: finishing');
  expect(ending.lines).toContain('SIGTERM: process.on has it too');
});

test.runIf(isLinux)('raw-epoll: level repeats, edge reports once', async () => {
  const ending = await start('raw-epoll').ending();
  expectCleanEnd(ending);
  expect(ending.lines.map((line) => line.trim().split(/ {2,}/))).toEqual([
    ['step', 'level', 'edge'],
    ['added', '-', '-'],
    ['write 8 = 8', 'EPOLLIN', 'EPOLLIN'],
    ['wait again', 'EPOLLIN', '-'],
    ['read 4 = 4', 'EPOLLIN', '-'],
    ['wait again', 'EPOLLIN', '-'],
    ['write 1 = 1', 'EPOLLIN', 'EPOLLIN'],
    ['read 4 = 4', 'EPOLLIN', '-'],
    ['read 4 = 1', '-', '-'],
    ['read 4 = EAGAIN', '-', '-'],
    ['shutdown = 0', 'EPOLLIN|EPOLLRDHUP', 'EPOLLIN|EPOLLRDHUP'],
    ['read 4 = 0', 'EPOLLIN|EPOLLRDHUP', '-'],
  ]);
});

describe.each(Poller.backends)('poller on %s', (backend) => {
  test('shows each trigger that the back-end has', async () => {
    const ending = await start('poller', [backend]).ending();
    expectCleanEnd(ending);
    const report = { nothing: '-', sent: 'token 7: Readable', again: 'token 7: Readable' };
    const expected = Poller.capabilitiesOf(backend).triggers.flatMap((trigger) => [
      [trigger],
      ['nothing sent', report.nothing],
      ['64 bytes sent', report.sent],
      ['not read', trigger === 'level' ? report.again : '-'],
      ['modified', report.again],
      ['read', '-'],
    ]);
    expect(ending.lines.slice(1).map((line) => line.trim().split(/ {2,}/))).toEqual(expected);
  });
});

/** Resolves when the socket has closed, for whatever reason. */
function closing(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

function numbered(byteCount: number): Buffer {
  const bytes = Buffer.alloc(byteCount);
  for (let at = 0; at < byteCount; at += 4) bytes.writeUInt32LE(at, at);
  return bytes;
}
