// The command line as a person or a script meets it: the built program, its exit codes, and one
// line on standard error for each mistake.
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { startBatchEcho } from '../../src/cli/echo-batch.ts';
import { startHandlersEcho } from '../../src/cli/echo-handlers.ts';
import { startReactorEcho } from '../../src/cli/echo-reactor.ts';
import { type Child, Children, startServer } from '../../src/cli/measure/index.ts';
import * as sys from '../../src/sys/index.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const isLinux = process.platform === 'linux';

let children = new Children();
afterEach(async () => {
  await children[Symbol.asyncDispose]();
  children = new Children();
});

async function run(program: string, args: readonly string[]) {
  const child = await children.start({ file: process.execPath, args: [program, ...args] });
  const code = await child.ended;
  return { code, ...child.output };
}

const edgewise = (...args: string[]) => run(MAIN, args);

const BAD_ARGUMENTS: readonly (readonly [...string[]])[] = [
  [],
  ['ecko'],
  ['--verbose'],
  ['echo'],
  ['echo', '--port'],
  ['echo', '--port', ''],
  ['echo', '--port', '-1'],
  ['echo', '--port', '65536'],
  ['echo', '--port', '80.5'],
  ['echo', '--port', '0x50'],
  ['echo', '--port', '1', '--port', '2'],
  ['echo', '--port', '0', '--host', 'localhost'],
  ['echo', '--port', '0', '--api', 'libuv'],
  ['echo', '--port', '0', '--api', 'constructor'],
  ['echo', '--port', '0', '--trigger', 'oneshot'],
  ['echo', '--port', '0', '--backend', 'iocp'],
  ['echo', '--port', '0', '--backend', isLinux ? 'kqueue' : 'epoll'],
  ['echo', '--port', '0', '--backend', 'poll', '--trigger', 'edge'],
  ['echo', '--port', '0', '--reactors', '2', '--api', 'promises'],
  ['echo', '--port', '0', '--reactors', '2', '--backend', 'poll'],
  ['echo', '--port', '0', '--busy-poll', '0'],
  ['echo', '--port', '0', '--busy-poll', '50', '--backend', 'poll'],
  ['echo', '--port', '0', '--reactors', '2', '--busy-poll', '50'],
  ['echo', '--port', '0', '--strategy', 'exclusive'],
  ['echo', '--port', '0', 'stray'],
  ['demo', '--rounds', '0'],
  ['demo', '--rounds', 'five'],
  ['demo', '--seconds', '0'],
  ['demo', '--seconds', '1.2.3'],
  ['demo', '--connections', '1e3'],
  ['demo', '--size', '99999999'],
  ['demo', '--json=yes'],
  ['demo', '--unknown'],
  ['demo', '-x'],
  ['doctor', '--json'],
  ['audit', 'self'],
  ['audit', '0'],
  ['audit', '1', '2'],
  ['audit', '1', '--watch', '0'],
  ['audit', '--watch', '1'],
  ['audit', '1', '--pid', '2'],
  ['sim'],
  ['sim', '/nonexistent/file.mjs'],
  ['sim', '--budget', 'soon', 'package.json'],
  ['trace'],
  ['trace', '--level', 'all', 'script.js'],
  ['trace', '--last', '10m', 'script.js'],
  ['trace', '-o', '/nonexistent/file', 'script.js'],
  ['trace', '-o', 'a,timed', 'script.js'],
  ['trace', '-o'],
  ['trace', '-x', 'script.js'],
  ['trace', 'diff', 'a'],
  ['trace', 'diff', 'a', 'b'],
  ['trace', 'diff', 'a', 'b', 'c'],
  ['view'],
  ['view', 'a', 'b'],
  ['view', 'a', '--fd', 'x'],
  ['view', '/dev/null', '-o'],
  ['view', '/dev/null', '-o', 'a', '--output', 'b'],
  ['doctor', 'stray'],
  ['lab', 'grade'],
];

describe('bad arguments: exit code 2 and one line', () => {
  test.each(BAD_ARGUMENTS.map((args) => ({ line: args.join(' '), args })))(
    'edgewise $line',
    async ({ args }) => {
      const ended = await edgewise(...args);
      expect(ended).toMatchObject({ code: 2, stdout: '' });
      expect(ended.stderr).toMatch(/^edgewise: [^\n]+\n$/);
    },
  );
});

describe('edgewise doctor', () => {
  test('prints the system, the back-ends, the limits and the addon', async () => {
    const { code, stdout } = await edgewise('doctor');
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^platform +${process.platform} ${process.arch}`, 'm'));
    expect(stdout).toMatch(new RegExp(`^Node +${process.version}$`, 'm'));
    expect(stdout).toMatch(/^descriptors +\d+ soft, (\d+|unlimited) hard$/m);
    expect(stdout).toMatch(/^addon +(local build|prebuild|explicit), .+edgewise\.node$/m);
    expect(stdout).toMatch(/^back-end poll +level, oneshot/m);
    expect(stdout).toMatch(/^back-end select .*descriptors below \d+/m);
    expect(stdout).toMatch(/^attach\(\) +inverted$/m);
    if (isLinux) expect(stdout).toMatch(/^back-end epoll +level, edge, oneshot.*preferred/m);
    if (isLinux) expect(stdout).toMatch(/^epoll_pwait2 +(yes|no)/m);
  });

  test('without an addon prints the rest, and one line about what is missing', async () => {
    const options = { EDGEWISE_ADDON: '/nonexistent/edgewise.node' };
    const args = [`${JSON.stringify(options)}`, MAIN];
    const script = `Object.assign(process.env, JSON.parse(process.argv[1]));
      process.argv.splice(1, 2, process.argv[2], 'doctor'); import(process.argv[1]);`;
    const child = await children.start({ file: process.execPath, args: ['-e', script, ...args] });
    expect(await child.ended).toBe(1);
    expect(child.output.stdout).toMatch(/^Node /m);
    expect(child.output.stderr).toMatch(/^edgewise: no edgewise addon [^\n]+\n$/);
  });
});

describe('edgewise echo', () => {
  const start = (...args: string[]) =>
    startServer(children, {
      name: 'echo',
      command: process.execPath,
      args: [MAIN, 'echo', '--port', '0', ...args],
    });

  async function echoOnce(host: string, port: number, text: string): Promise<string> {
    const socket = connect(port, host).setEncoding('utf8');
    socket.end(text);
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    await once(socket, 'close');
    return answer;
  }

  async function terminate(child: Child, signal: NodeJS.Signals): Promise<number | null> {
    process.kill(child.pid, signal);
    return child.ended;
  }

  const CHOICES = ['reactor', 'batch', 'handlers', 'proactor'].flatMap((api) => [
    { api, trigger: 'level', backend: undefined },
    { api, trigger: 'edge', backend: undefined },
    { api, trigger: 'level', backend: 'poll' },
    { api, trigger: 'level', backend: 'select' },
  ]);

  test.each(CHOICES)('echoes: $api, $trigger, $backend', async ({ api, trigger, backend }) => {
    const choice = backend === undefined ? [] : ['--backend', backend];
    const { host, port, child } = await start('--api', api, '--trigger', trigger, ...choice);
    const text = 'x'.repeat(5_000_000); // more than the kernel takes at once
    expect(await echoOnce(host, port, text)).toBe(text);
    expect(child.output.stdout).toBe(`listening on 127.0.0.1:${port}\n`);
    expect(port).toBeGreaterThan(0);
  });

  test.each([
    ['SIGINT', 'reactor'],
    ['SIGTERM', 'reactor'],
    ['SIGTERM', 'handlers'],
    ['SIGTERM', 'proactor'],
  ] as const)('%s ends it with exit code 0: %s', async (signal, api) => {
    const { host, port, child } = await start('--api', api);
    const client = connect(port, host);
    client.write('x');
    await once(client, 'data'); // accepted: what the kernel still queues is reset by the close
    const closed = once(client, 'close');
    expect(await terminate(child, signal)).toBe(0);
    await closed;
    expect(child.output.stderr).toBe('');
  });

  test.each(['reactor', 'handlers', 'proactor'])(
    'a taken port: exit code 1, one line: %s',
    async (api) => {
      const owner = createServer().listen(0, '127.0.0.1');
      await once(owner, 'listening');
      const { port } = owner.address() as AddressInfo;
      const ended = await edgewise('echo', '--port', `${port}`, '--api', api);
      owner.close();
      expect(ended).toMatchObject({ code: 1, stdout: '' });
      expect(ended.stderr).toBe(`edgewise: bind EADDRINUSE 127.0.0.1:${port}\n`);
    },
  );
});

describe('edgewise udp-echo', () => {
  test.each(['level', 'edge'])('%s: echoes, and SIGTERM ends it', async (trigger) => {
    const { host, port, child } = await startServer(children, {
      name: 'udp-echo',
      command: process.execPath,
      args: [MAIN, 'udp-echo', '--port', '0', '--trigger', trigger],
    });
    const socket = createSocket('udp4');
    const answer = once(socket, 'message');
    socket.send('hello', port, host);
    expect(String((await answer)[0])).toBe('hello');
    socket.close();
    process.kill(child.pid, 'SIGTERM');
    expect(await child.ended).toBe(0);
    expect(child.output).toEqual({ stdout: `listening on 127.0.0.1:${port}\n`, stderr: '' });
  });

  test('bad arguments: exit code 2', async () => {
    for (const args of [[], ['--port', 'x'], ['--port', '0', '--host', 'localhost']]) {
      expect(await edgewise('udp-echo', ...args)).toMatchObject({ code: 2, stdout: '' });
    }
  });
});

// In this process, so that turns of Node's loop are the server's turns too and can be counted.
describe('the echo servers', () => {
  const { AF_INET, SOCK_NONBLOCK, SOCK_STREAM } = sys.constants;
  const TURNS_MAX = 1_000_000;

  test.each([
    ['reactor', 'level', startReactorEcho],
    ['reactor', 'edge', startReactorEcho],
    ['batch', 'level', startBatchEcho],
    ['batch', 'edge', startBatchEcho],
    ['handlers', 'level', startHandlersEcho],
    ['handlers', 'edge', startHandlersEcho],
  ] as const)(
    '%s, %s: a client that reads nothing until nothing moves any more gets all of it',
    async (_, trigger, startEcho) => {
      const server = startEcho({ host: '127.0.0.1', port: 0, trigger });
      const fd = sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
      sys.connect(fd, { address: '127.0.0.1', port: server.port });
      const sent = randomBytes(48 * 1024 * 1024); // more than the four kernel buffers hold
      const received = Buffer.alloc(sent.length);
      let sentCount = 0;
      let receivedCount = 0;
      for (let idleTurns = 0; idleTurns < 200; idleTurns++) {
        const count = sys.send(fd, sent, sentCount);
        if (count > 0) {
          sentCount += count;
          idleTurns = 0;
        }
        await setImmediate();
      }
      expect(sentCount).toBeLessThan(sent.length); // the server owes, and has stopped reading
      for (let turn = 0; turn < TURNS_MAX && receivedCount < sent.length; turn++) {
        sentCount += Math.max(sys.send(fd, sent, sentCount), 0);
        receivedCount += Math.max(sys.recv(fd, received, receivedCount), 0);
        await setImmediate();
      }
      expect(receivedCount).toBe(sent.length);
      expect(received.equals(sent)).toBe(true);
      sys.close(fd);
      server.close();
      await server.done;
    },
  );
});

describe('edgewise demo', () => {
  const QUICK = ['demo', '--connections', '2', '--rounds', '1', '--seconds', '0.2'];

  test('prints one table and what to look at', async () => {
    const ended = await edgewise(...QUICK);
    expect(ended.code).toBe(0);
    expect(ended.stdout).toMatch(/msg\/s +CPU µs\/msg +p50 µs +p99 µs +p99\.9 µs +RSS MB/);
    expect(ended.stdout).toMatch(/^edgewise +\d/m);
    expect(ended.stdout).toMatch(/^node:net +\d/m);
    expect(ended.stdout).toMatch(/^edgewise \/ node:net +\d/m);
    expect(ended.stdout).toMatch(/CPU column: .* the number to trust/);
    expect(ended.stderr).toBe('round 1 of 2: edgewise\n'); // the second one follows within 5 s
  });

  test('--json prints every round', async () => {
    const { stdout } = await edgewise(...QUICK, '--json');
    const { measurements } = JSON.parse(stdout) as { measurements: { name: string }[] };
    expect(measurements).toMatchObject([
      { name: 'edgewise', rounds: [{ connections: 2, size: 64 }] },
      { name: 'node:net', rounds: [{ connections: 2, size: 64 }] },
    ]);
  });
});
