// Every contender that is available here does its work: what it echoes is what was sent, to many at
// once and to those that read slowly, and it ends when it is asked to. One that is unavailable says
// why, and how it can.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { contenders } from '../src/contenders/index.ts';
import type { Command, Located, Missing, Role } from '../src/model.ts';
import { inRoot } from '../src/root.ts';
import { download, exchange, exchangeDatagrams, pour } from './clients.ts';
import { type End, withServer } from './server.ts';

const COMPILE_MS_MAX = 600_000;
const CONNECTIONS = 200;
const MIB = 1024 * 1024;
const FILE = inRoot('package-lock.json');

const isMissing = (found: Located | Missing): found is Missing => 'reason' in found;

const whyMissing = ({ reason, install }: Missing) => `missing: ${reason} (${install})`;

function expectCleanEnd({ code, signal, leavesProcesses }: End): void {
  expect(code === 0 || signal === 'SIGTERM').toBe(true);
  expect(leavesProcesses).toBe(false);
}

/** How each role besides TCP echo is tried. */
const TRIALS: Readonly<Record<string, (port: number) => Promise<void>>> = {
  async 'udp-echo'(port) {
    const sizes = Array.from({ length: 50 }, (_, i) => 1 + i * 28);
    const { sent, received } = await exchangeDatagrams(port, sizes);
    expect(received).toBe(sent);
  },
  async 'tcp-sink'(port) {
    expect(await pour(port, MIB)).toBe(0);
  },
  async http(port) {
    const response = await fetch(`http://127.0.0.1:${port}/`);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('hello, world\n');
  },
  async file(port) {
    const sum = createHash('sha256').update(readFileSync(FILE)).digest('hex');
    expect(await download(port)).toBe(sum);
  },
  async 'tcp-relay'(port) {
    const { sent, received } = await exchange(port, MIB);
    expect(received).toBe(sent);
  },
};

/** Which contender plays what besides TCP echo. */
const OTHER_ROLES: Readonly<Record<string, readonly string[]>> = {
  edgewise: ['tcp-sink'],
  'edgewise-edge': ['tcp-sink'],
  'edgewise-handlers': ['tcp-sink'],
  'edgewise-datagrams': ['udp-echo'],
  'edgewise-datagrams-edge': ['udp-echo'],
  'edgewise-relay': ['tcp-relay'],
  'edgewise-relay-edge': ['tcp-relay'],
  'edgewise-sendfile': ['file'],
  'edgewise-sendfile-edge': ['file'],
  'edgewise-stream': ['http'],
  node: ['udp-echo', 'tcp-sink', 'http', 'file', 'tcp-relay'],
  bun: ['udp-echo', 'tcp-sink', 'http'],
  deno: ['udp-echo', 'tcp-sink', 'http'],
  c: ['udp-echo', 'tcp-sink', 'file', 'tcp-relay'],
  'c-edge': ['tcp-sink'],
  libuv: ['udp-echo', 'tcp-sink'],
  asio: ['udp-echo', 'tcp-sink'],
  libevent: ['udp-echo', 'tcp-sink'],
  tokio: ['udp-echo', 'tcp-sink'],
  go: ['udp-echo', 'tcp-sink', 'http'],
};

// A name means the API that its programs use, in every role.
it('the reactor serves on the reactor, and handlers on handlers', async () => {
  const sinkOf = async (wanted: string) => {
    const found = await contenders.find(({ name }) => name === wanted)?.locate();
    if (found === undefined || isMissing(found)) throw new Error(`no ${wanted}`);
    const [file = ''] = found.command('tcp-sink', {})?.args ?? [];
    return readFileSync(file, 'utf8');
  };
  expect(await sinkOf('edgewise')).toMatch(/import \{ .*Reactor.* \} from/);
  expect(await sinkOf('edgewise')).not.toContain('handlers:');
  expect(await sinkOf('edgewise-handlers')).toContain('handlers:');
});

/** What has a role of its own is no echo server. */
const ECHOES_NOT = /^edgewise-(datagrams|relay|sendfile)/;

describe.each(contenders)('$name', ({ locate, name }) => {
  let found: Located | Missing;
  beforeAll(async () => {
    found = await locate();
    if (isMissing(found)) console.log(`${name}: ${whyMissing(found)}`);
  }, COMPILE_MS_MAX);

  function echoOf(context: TestContext): Command {
    if (isMissing(found)) return context.skip(whyMissing(found));
    const echo = found.command('tcp-echo', {});
    if (echo === undefined && ECHOES_NOT.test(name)) return context.skip('no TCP echo server');
    if (echo === undefined) throw new Error('it is no TCP echo server');
    return echo;
  }

  it('is there with its version, or says why it is not and how it would be', () => {
    const texts = isMissing(found) ? [found.reason, found.install] : [found.version];
    for (const text of texts) expect(text).toMatch(/^\S.*$/);
  });

  it.for([64, 16 * 1024, MIB])('echoes %i bytes over TCP', async (size, context) => {
    const end = await withServer(echoOf(context), async (port) => {
      const { sent, received } = await exchange(port, size);
      expect(received).toBe(sent);
    });
    expectCleanEnd(end);
  });

  it('echoes to many at once, and all of it to one that reads slowly', async (context) => {
    const end = await withServer(echoOf(context), async (port) => {
      const slow = exchange(port, 8 * MIB, true);
      const all = Array.from({ length: CONNECTIONS }, () => exchange(port, 16 * 1024));
      for (const { sent, received } of await Promise.all([slow, ...all])) {
        expect(received).toBe(sent);
      }
    });
    expectCleanEnd(end);
  });

  it('plays its other roles', async (context) => {
    if (isMissing(found)) return context.skip(whyMissing(found));
    const target = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
    await once(target, 'listening');
    const { port: targetPort } = target.address() as AddressInfo;
    const played: string[] = [];
    for (const [role, trial] of Object.entries(TRIALS)) {
      const program = found.command(role as Role, { targetPort, file: FILE });
      if (program === undefined) continue;
      expectCleanEnd(await withServer(program, trial));
      played.push(role);
    }
    target.close();
    expect(played).toEqual(OTHER_ROLES[name] ?? []);
  });
});
