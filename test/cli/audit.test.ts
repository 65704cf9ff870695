// `edgewise audit PID` of programs that do not use edgewise: a server in C that does not drain, its twin
// that does, node:net, redis; and of processes that cannot be audited.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Child, Children } from '../../src/cli/measure/index.ts';
import type { AuditReport } from '../../src/index.ts';
import { findProgram } from '../interop/servers.ts';

const DIST = new URL('../../dist/', import.meta.url).href;
const MAIN = fileURLToPath(`${DIST}cli/main.js`);
const SOURCE = fileURLToPath(new URL('undrained.c', import.meta.url));
const folders = (process.env.PATH ?? '').split(':');
const [gcc, redis] = ['gcc', 'redis-server'].map((name) => findProgram(name, folders));
/** An audit takes half a second, on a machine that does nothing else. */
const WITHIN = { timeout: 30_000 };
const isLinux = process.platform === 'linux';
const folder = mkdtempSync(join(tmpdir(), 'edgewise-audit-'));
afterAll(() => rmSync(folder, { recursive: true }));

let children = new Children();
afterEach(async () => {
  await children[Symbol.asyncDispose]();
  children = new Children();
});

const start = (file: string, ...args: string[]) => children.start({ file, args });
const edgewise = (...args: string[]) => start(process.execPath, MAIN, 'audit', ...args);

async function run(...args: string[]) {
  const child = await edgewise(...args);
  const code = await child.ended;
  return { code, ...child.output };
}

async function auditOf(pid: number): Promise<AuditReport> {
  const { stdout } = await run(`${pid}`, '--json');
  return JSON.parse(stdout) as AuditReport;
}

async function connectTo(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined); // the server has ended first
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

async function portOf(child: Child): Promise<number> {
  const [, port] = await child.match(/listening on 127\.0\.0\.1:(\d+)/);
  return Number(port);
}

const codesOf = ({ findings }: AuditReport) => findings.map(({ code }) => code);

describe.runIf(isLinux && gcc !== undefined)('a server in C', () => {
  const program = join(folder, 'undrained');
  beforeAll(() => execFileSync(gcc as string, ['-O1', '-o', program, SOURCE]));

  test('that reads once has an undrained edge', async () => {
    const server = await start(program, 'once');
    const socket = await connectTo(await portOf(server));
    socket.write(Buffer.alloc(1000));
    await expect
      .poll(async () => codesOf(await auditOf(server.pid)), WITHIN)
      .toEqual(['UNDRAINED']);
    const { code, stdout, stderr } = await run(`${server.pid}`);
    expect([code, stderr]).toEqual([1, '']);
    expect(stdout).toMatch(/^\d+ +\d+ +socket +IN\|ET +900 +0 +tcp established +UNDRAINED$/m);
    expect(stdout).toMatch(/^UNDRAINED {2}fd \d+ .*900 bytes left/m);
    expect(stdout).toContain('read until would-block');
  });

  test('that drains has nothing wrong', async () => {
    const server = await start(program, 'drain');
    const socket = await connectTo(await portOf(server));
    socket.write(Buffer.alloc(1000));
    await expect.poll(async () => (await auditOf(server.pid)).descriptors.length, WITHIN).toBe(2);
    const { code, stdout } = await run(`${server.pid}`);
    expect(stdout).toMatch(/\nnothing wrong\n$/);
    expect(code).toBe(0);
  });

  test('--watch prints what changes, until SIGINT', async () => {
    const server = await start(program, 'once');
    const socket = await connectTo(await portOf(server));
    const watch = await edgewise(`${server.pid}`, '--watch', '0.1');
    await watch.match(/, findings 0$/m);
    socket.write(Buffer.alloc(1000));
    await watch.match(/^\+ UNDRAINED {2}fd \d+ /m);
    socket.resetAndDestroy();
    await watch.match(/^- UNDRAINED {2}fd \d+$/m);
    watch.kill('SIGINT');
    expect(await watch.ended).toBe(0);
    expect(watch.output.stderr).toBe('');
  });

  test('without PID: a line for each process', async () => {
    const server = await start(program, 'once');
    const socket = await connectTo(await portOf(server));
    socket.write(Buffer.alloc(1000));
    const row = new RegExp(`^ *${server.pid} +undrained +1 +2 +\\d+ % +UNDRAINED$`, 'm');
    await expect.poll(async () => (await run()).stdout, WITHIN).toMatch(row);
    const { code, stdout, stderr } = await run('--json');
    expect([code, stderr]).toEqual([1, '']);
    const reports = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as AuditReport);
    expect(reports.map(({ pid }) => pid)).toContain(server.pid);
  });

  test('--watch of a process that ends: one line, exit code 2', async () => {
    const server = await start(program, 'drain');
    await portOf(server);
    const watch = await edgewise(`${server.pid}`, '--watch', '0.1', '--json');
    const [line] = await watch.match(/^\{.*\}$/m);
    expect(JSON.parse(line)).toMatchObject({ pid: server.pid, findings: [] });
    expect(JSON.parse(line).cpu).toBeGreaterThanOrEqual(0);
    await server.stop();
    expect(await watch.ended).toBe(2);
    expect(watch.output.stderr).toBe(`edgewise: there is no process ${server.pid}\n`);
  });
});

const NODE_SERVER = `
  const server = require('node:net').createServer((socket) => socket.resume());
  server.listen(0, '127.0.0.1', () =>
    console.log('listening on 127.0.0.1:' + server.address().port));`;

describe.runIf(isLinux)('other programs', () => {
  test('node:net: its listener and its connection, and nothing wrong', async () => {
    const server = await start(process.execPath, '-e', NODE_SERVER);
    const socket = await connectTo(await portOf(server));
    socket.write('x');
    const states = async () => {
      const { descriptors } = await auditOf(server.pid);
      return descriptors.flatMap(({ socket }) => (socket?.protocol === 'tcp' ? socket.state : []));
    };
    await expect.poll(states, WITHIN).toEqual(['listening', 'established']);
    expect((await auditOf(server.pid)).findings).toEqual([]);
  });

  test.runIf(redis !== undefined)('redis-server: nothing wrong', async () => {
    const path = join(folder, 'redis.sock');
    const quiet = ['--save', '', '--appendonly', 'no', '--dir', folder];
    const server = await start(redis as string, '--port', '0', '--unixsocket', path, ...quiet);
    await server.match(/eady to accept connections|now ready/);
    const socket = connect(path);
    onTestFinished(() => void socket.destroy());
    socket.write('PING\r\n');
    await once(socket, 'data');
    const report = await auditOf(server.pid);
    expect(report.descriptors.length).toBeGreaterThan(1);
    expect(report.findings).toEqual([]);
  });
});

describe('what cannot be audited: exit code 2 and one line', () => {
  const line = (text: string) => ({ code: 2, stdout: '', stderr: `edgewise: ${text}\n` });

  test.runIf(isLinux)('a process that is gone', async () => {
    const child = await start(process.execPath, '-e', '');
    await child.ended;
    expect(await run(`${child.pid}`)).toEqual(line(`there is no process ${child.pid}`));
  });

  test.runIf(isLinux)('a process without epoll', async () => {
    const child = await start('sleep', '60');
    expect(await run(`${child.pid}`)).toEqual(line(`process ${child.pid} has no epoll set`));
  });

  test.runIf(isLinux && process.getuid?.() === 0)("another user's process", async () => {
    // What the first audit has loaded need not be readable to the other user.
    const script = `const [{ audit }, { Options }] = await Promise.all(
        ['cli/audit', 'cli/arguments'].map((name) => import('${DIST}' + name + '.js')));
      const run = (pid) => audit.run(new Options(new Map([['PID', String(pid)]])));
      await run(process.pid);
      process.setuid(65534);
      await run(1).catch(({ name, message }) => console.error(name + ': ' + message));`;
    const child = await start(process.execPath, '--input-type=module', '-e', script);
    expect(await child.ended).toBe(0);
    expect(child.output.stderr).toBe("UsageError: process 1 is another user's\n");
  });

  test.skipIf(isLinux)('a system without /proc of Linux', async () => {
    expect(await run(`${process.pid}`)).toEqual(line('an audit reads /proc of Linux'));
  });
});
