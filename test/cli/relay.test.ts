// `edgewise relay` as a person or a script meets it: the built program between clients and a target.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { Children, startServer } from '../../src/cli/measure/index.ts';
import { receiveAll, sendRandom, sha256 } from '../net/joined.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

let children = new Children();
const servers: Server[] = [];
afterEach(async () => {
  await children[Symbol.asyncDispose]();
  children = new Children();
  for (const server of servers.splice(0)) server.close();
});

/** A target that does what `serve` says with each connection. @returns its port. */
async function target(serve: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined); // a reset: the relay was ended
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const start = (targetPort: number, ...args: string[]) =>
  startServer(children, {
    name: 'relay',
    command: process.execPath,
    args: [MAIN, 'relay', '--port', '0', '--target', `127.0.0.1:${targetPort}`, ...args],
  });

const client = (port: number) => connect({ host: '127.0.0.1', port, allowHalfOpen: true });

/** Resolves when the peer has closed, in order or by a reset. */
const gone = (socket: Socket) =>
  new Promise<void>((resolve) => {
    socket.on('error', () => undefined);
    socket.once('close', resolve).once('end', resolve).resume();
  });

describe.each([[['--trigger', 'level']], [['--trigger', 'edge']], [['--copy']]])(
  'edgewise relay %s',
  (args) => {
    test('relays both ways, what is sent before the target answers too; SIGINT ends it', async () => {
      const port = await target((socket) => void socket.pipe(socket));
      const relay = await start(port, ...args);
      const socket = client(relay.port);
      const [sent, got] = await Promise.all([sendRandom(socket, 60), receiveAll(socket)]);
      expect(sha256(got)).toBe(sent);
      const other = client(relay.port);
      other.write('still there');
      await once(other, 'data');
      const closed = gone(other);
      process.kill(relay.child.pid, 'SIGINT');
      await closed;
      other.destroy();
      expect(await relay.child.ended).toBe(0);
      const { stdout, stderr } = relay.child.output;
      expect(stderr).toBe('');
      const bytes = got.length + 11;
      expect(stdout.split('\n')[1]).toBe(
        `relayed 2 clients, ${bytes} bytes to the target and ${bytes} back, 0 failed`,
      );
    });
  },
);

describe('edgewise relay', () => {
  test('a target that refuses: the client is closed, one line, and it goes on', async () => {
    const port = await target(() => undefined);
    const [server] = servers.splice(0) as [Server];
    await new Promise((resolve) => server.close(resolve));
    const relay = await start(port);
    for (let i = 0; i < 2; i++) {
      const socket = client(relay.port);
      socket.write('hello');
      await gone(socket);
      socket.destroy();
    }
    process.kill(relay.child.pid, 'SIGTERM');
    expect(await relay.child.ended).toBe(0);
    const line = `edgewise: target 127.0.0.1:${port}: connect ECONNREFUSED 127.0.0.1:${port}\n`;
    expect(relay.child.output.stderr).toBe(line.repeat(2));
    expect(relay.child.output.stdout).toMatch(/\nrelayed 2 clients, .*, 2 failed\n$/);
  });

  test('a target that resets: so is the client, and it is counted', async () => {
    const port = await target((socket) => {
      socket.once('data', () => socket.resetAndDestroy());
    });
    const relay = await start(port);
    const socket = client(relay.port);
    socket.write('hello');
    const [error] = await once(socket, 'error');
    expect((error as NodeJS.ErrnoException).code).toBe('ECONNRESET');
    process.kill(relay.child.pid, 'SIGTERM');
    await relay.child.ended;
    expect(relay.child.output.stderr).toMatch(/^edgewise: relay: recv ECONNRESET[^\n]*\n$/);
    expect(relay.child.output.stdout).toMatch(/, 1 failed\n$/);
  });

  test.each([
    '',
    '--port 0',
    '--target 127.0.0.1:80',
    '--port 0 --target localhost',
    '--port 0 --target 127.0.0.1:0',
    '--port 0 --target 127.0.0.1:65536',
    '--port 0 --target ::1:80',
    '--port 0 --target [::1]',
    '--port 0 --target a:80 --trigger oneshot',
    '--port 0 --target a:80 --host localhost',
  ])('bad arguments: exit code 2 and one line: %s', async (line) => {
    const given = line.split(' ').filter((word) => word !== '');
    const child = await children.start({ file: process.execPath, args: [MAIN, 'relay', ...given] });
    expect(await child.ended).toBe(2);
    expect(child.output.stdout).toBe('');
    expect(child.output.stderr).toMatch(/^edgewise: [^\n]+\n$/);
  });
});
