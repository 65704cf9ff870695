// Socket activation: a child that is started as systemd starts services, by a parent here that speaks
// the protocol, and by systemd-socket-activate where there is one.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { activationSockets } from '../../../src/net/inherit/activation.ts';
import * as sys from '../../../src/sys/index.ts';
import { must, useDescriptors } from '../../helpers/descriptors.ts';
import { receive } from '../../helpers/example-process.ts';
import { codeOf } from '../recorder.ts';

const WORKER = new URL('../../workers/activated.mjs', import.meta.url).pathname;
const { AF_UNIX, SOCK_STREAM, SOCK_DGRAM } = sys.constants;
const hasSystemd = spawnSync('systemd-socket-activate', ['--version']).status === 0;
const children = new Set<ChildProcess>();
const closed = new WeakMap<ChildProcess, Promise<unknown>>();

interface Report {
  readonly sockets: readonly { fd: number; name: string; kind: string }[];
  readonly isCloexec: boolean;
  readonly left: readonly string[];
  readonly again: number;
}

let folder = '';

/** A folder for each test, and no child after it; to be called last, so that it cleans up first. */
function useChildren(): void {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'edgewise-activation-'));
  });
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all([...children].map((child) => closed.get(child)));
    children.clear();
    rmSync(folder, { recursive: true });
  });
}

/** A child, and what it reports of its start. */
function start(command: string, args: readonly string[], fds: readonly number[] = [], env = {}) {
  const stdio = ['ignore', 'ignore', 'pipe', ...fds] as const;
  const child = spawn(command, args, {
    stdio: [...stdio],
    env: { ...process.env, ...env },
  });
  children.add(child);
  closed.set(child, once(child, 'close'));
  const said: string[] = [];
  const waiting = new Set<() => void>();
  const lines = createInterface({ input: child.stderr as NodeJS.ReadableStream });
  lines.on('line', (line) => {
    said.push(line);
    for (const look of waiting) look();
  });
  const line = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const hit = said.map((one) => pattern.exec(one)).find((one) => one !== null);
        if (hit !== undefined && hit !== null) resolve(hit);
      };
      waiting.add(look);
      child.once('close', () => reject(new Error(`it ended:\n${said.join('\n')}`)));
      look();
    });
  const report = async () => JSON.parse((await line(/^started (.*)$/))[1] as string) as Report;
  return { child, line, report };
}

/** The pid is that of the process that the shell becomes. */
function activate(fds: readonly number[], variables: string, options = {}) {
  const command = `${variables} exec "${process.execPath}" "${WORKER}" '${JSON.stringify(options)}'`;
  return start('sh', ['-c', command], fds);
}

async function dial(path: string): Promise<Socket> {
  const socket = connect({ path, allowHalfOpen: true });
  await once(socket, 'connect');
  return socket;
}

async function expectEcho(socket: Socket): Promise<void> {
  socket.write('through the service');
  expect(String(await receive(socket, 19))).toBe('through the service');
  socket.end();
  await receive(socket);
  socket.destroy();
}

describe('socket activation by a parent that speaks the protocol', () => {
  const descriptors = useDescriptors();
  useChildren();

  function socketAt(name: string, type: number): number {
    const fd = descriptors.track(sys.socket(AF_UNIX, type));
    must(sys.bind(fd, { path: join(folder, name) }));
    if (type === SOCK_STREAM) must(sys.listen(fd));
    return fd;
  }

  it('takes listeners, connections, datagram sockets and others, by name and kind', async () => {
    const [near, far] = descriptors.socketpair();
    const [reader] = descriptors.pipe();
    const fds = [socketAt('web', SOCK_STREAM), far, socketAt('log', SOCK_DGRAM), reader];
    const names = 'LISTEN_FDNAMES=web:peer:log:pipe';
    const { child, report } = activate(fds, `LISTEN_PID=$$ LISTEN_FDS=4 ${names}`);
    expect(await report()).toEqual({
      sockets: [
        { fd: 3, name: 'web', kind: 'listener' },
        { fd: 4, name: 'peer', kind: 'connection' },
        { fd: 5, name: 'log', kind: 'datagram' },
        { fd: 6, name: 'pipe', kind: 'other' },
      ],
      isCloexec: true,
      left: [],
      again: 0,
    });
    await expectEcho(await dial(join(folder, 'web')));
    must(sys.shutdown(near, sys.constants.SHUT_WR));
    const sender = descriptors.track(sys.socket(AF_UNIX, SOCK_DGRAM));
    const to = { path: join(folder, 'log') };
    must(sys.sendto(sender, Buffer.from('x'), undefined, undefined, undefined, to));
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('calls them unknown when they were not named', async () => {
    const { report } = activate([socketAt('a', SOCK_DGRAM)], 'LISTEN_PID=$$ LISTEN_FDS=1');
    expect((await report()).sockets).toEqual([{ fd: 3, name: 'unknown', kind: 'datagram' }]);
  });

  it('takes none that are meant for another process, unless asked to, and forgets them', async () => {
    const fds = [socketAt('a', SOCK_DGRAM)];
    const variables = 'LISTEN_PID=1 LISTEN_FDS=1';
    expect(await activate(fds, variables).report()).toMatchObject({ sockets: [], left: [] });
    const { sockets } = await activate(fds, variables, { ignorePid: true }).report();
    expect(sockets).toHaveLength(1);
  });

  it.each([
    ['LISTEN_FDS=x', 'ERR_ACTIVATION_INVALID'],
    ['LISTEN_FDS=-1', 'ERR_ACTIVATION_INVALID'],
    ['LISTEN_FDS=9999999999', 'ERR_ACTIVATION_INVALID'],
    ['LISTEN_FDS=1 LISTEN_FDNAMES=a:b', 'ERR_ACTIVATION_INVALID'],
    ['LISTEN_FDS=900', 'EBADF'],
  ])('%s: %s', async (variables, code) => {
    const { report } = activate([socketAt('a', SOCK_DGRAM)], `LISTEN_PID=$$ ${variables}`);
    expect(await report()).toEqual({ code });
  });
});

test('a process that was not activated has none', () => {
  expect(activationSockets()).toEqual([]);
  expect(activationSockets({ ignorePid: true })).toEqual([]);
  try {
    process.env.LISTEN_PID = 'me';
    process.env.LISTEN_FDS = '1';
    activationSockets();
    expect.unreachable();
  } catch (error) {
    expect(codeOf(error)).toBe('ERR_ACTIVATION_INVALID');
  }
  expect(process.env.LISTEN_FDS).toBeUndefined();
});

if (!hasSystemd) console.log('skipped: systemd-socket-activate is not there (package systemd)');
describe.runIf(hasSystemd)('socket activation by systemd-socket-activate', () => {
  useDescriptors();
  useChildren();

  it('serves on what it listens on, the connection that woke it included', async () => {
    const path = join(folder, 'service');
    const args = ['-l', path, '--fdname=web', process.execPath, WORKER];
    const { line, report } = start('systemd-socket-activate', args);
    await line(/^Listening on /);
    expect(existsSync(path)).toBe(true);
    const first = await dial(path);
    expect(await report()).toMatchObject({
      sockets: [{ fd: 3, name: 'web', kind: 'listener' }],
      left: [],
    });
    await expectEcho(first);
  });

  it('serves the connection that it was started for', async () => {
    const path = join(folder, 'service');
    const args = ['--accept', '-l', path, process.execPath, WORKER];
    const { line, report } = start('systemd-socket-activate', args);
    await line(/^Listening on /);
    const socket = await dial(path);
    const { sockets } = await report();
    expect(sockets.map(({ kind }) => kind)).toEqual(['connection']);
    await expectEcho(socket);
  });
});
