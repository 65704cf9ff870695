// The load generator and the method of measuring: what it counts is what happened, and a server
// that is wrong, silent or gone is an error with a reason.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { nodeNetContender } from '../../src/cli/contenders.ts';
import {
  type Contender,
  cpuRatio,
  findProgram,
  formatSpread,
  formatTable,
  type LoadReport,
  type MeasureOptions,
  measure,
  ratioOf,
  spreadOf,
  startServer,
  summarize,
} from '../../src/cli/measure/index.ts';
import { addonPath } from '../../src/native.ts';
import { LOAD, QUICK, useLoadGenerator } from '../helpers/load-generator.ts';

const generator = useLoadGenerator();
const isLinux = process.platform === 'linux';

const cPeer = (trigger: string): Contender => ({
  name: `c-${trigger}`,
  command: findProgram('peer-epoll-echo', addonPath),
  args: ['--trigger', trigger],
});
const PEERS = [...(isLinux ? [cPeer('level'), cPeer('edge')] : []), nodeNetContender('node')];

describe.each(PEERS)('against the peer $name', (contender) => {
  test.each([
    { connections: 1, size: 1 },
    { connections: 300, size: 64 },
    { connections: 3, size: 3_000_000 }, // neither side can send it at once
  ])('$connections connections of $size bytes are all answered', async (shape) => {
    const children = generator.newChildren();
    const server = await startServer(children, contender);
    const serverPid = server.child.pid;
    const report = await generator.load({ port: server.port, serverPid, ...shape, seconds: 0.4 });
    expect(report).toMatchObject(shape);
    expect(report.messages).toBeGreaterThan(0);
    expect(report.messagesPerConnection.min).toBeGreaterThan(0);
    const { p50, p99, p999, max } = report.latencyUs;
    expect([p50, p99, p999, max]).toEqual([p50, p99, p999, max].sort((a, b) => a - b));
    expect(p50).toBeGreaterThan(0);
    if (isLinux) expect(report.server?.cpuNs).toBeGreaterThan(0);
  });
});

describe('what is counted', () => {
  test('every message that the server echoed, and no other', async () => {
    let bytesEchoed = 0;
    const port = await generator.listen((socket, data) => {
      bytesEchoed += data.length;
      socket.write(data);
    });
    const report = await generator.load({ port, connections: 1 });
    // One before the window, to prove that the server accepted; the last one comes after it.
    expect(report.messagesPerConnection.min).toBe(bytesEchoed / QUICK.size);
    expect(report.messages).toBeLessThan(bytesEchoed / QUICK.size);
    expect(report.messages).toBeGreaterThanOrEqual(bytesEchoed / QUICK.size - 3);
    const { messages, windowSeconds } = report;
    expect(report.messagesPerSecond).toBeCloseTo(messages / windowSeconds, -1);
  });

  test.runIf(isLinux)('the CPU time and the memory of the server', async () => {
    const port = await generator.listen((socket, data) => socket.write(data));
    const before = process.cpuUsage();
    const { server } = await generator.load({ port });
    const used = process.cpuUsage(before);
    expect(server?.cpuNs).toBeGreaterThan(0);
    expect(server?.cpuNs).toBeLessThanOrEqual((used.user + used.system + 1) * 1000);
    const rss = process.memoryUsage.rss();
    expect(server?.rssEndBytes).toBeGreaterThan(rss / 3);
    expect(server?.rssEndBytes).toBeLessThan(rss * 3);
  });
});

describe('a wrong server is an error', () => {
  const afterTen = (act: (socket: Socket, data: Buffer) => void) => {
    let count = 0;
    return (socket: Socket, data: Buffer) => {
      if (++count > 10) act(socket, data);
      else socket.write(data);
    };
  };

  test('one changed byte', async () => {
    const flip = afterTen((socket, data) => {
      const last = data.length - 1;
      data.writeUInt8(data.readUInt8(last) ^ 1, last);
      socket.write(data);
    });
    await expect(generator.load({ port: await generator.listen(flip) })).rejects.toThrow(
      'a byte differs',
    );
  });

  test('the previous message of the connection again', async () => {
    const previous = new Map<Socket, Buffer>();
    const repeat = (socket: Socket, data: Buffer) => {
      socket.write(previous.get(socket) ?? data);
      previous.set(socket, Buffer.from(data));
    };
    await expect(generator.load({ port: await generator.listen(repeat) })).rejects.toThrow(
      'a byte differs',
    );
  });

  test('the message of another connection', async () => {
    const waiting: { socket: Socket; data: Buffer }[] = [];
    const swap = (socket: Socket, data: Buffer) => {
      const other = waiting.pop();
      if (other === undefined) {
        waiting.push({ socket, data });
        return;
      }
      other.socket.write(data);
      socket.write(other.data);
    };
    await expect(generator.load({ port: await generator.listen(swap) })).rejects.toThrow(
      'a byte differs',
    );
  });

  test('more than was sent', async () => {
    const more = afterTen((socket, data) => socket.write(Buffer.concat([data, data])));
    await expect(generator.load({ port: await generator.listen(more) })).rejects.toThrow(
      'wrong echo',
    );
  });

  test('a closed connection', async () => {
    const port = await generator.listen(afterTen((socket) => socket.end()));
    await expect(generator.load({ port })).rejects.toThrow('the server closed a connection');
  });

  test('silence', async () => {
    const port = await generator.listen(afterTen(() => undefined));
    const ended = await generator.runRaw([
      '--port',
      `${port}`,
      '--stall',
      '0.3',
      '--connections',
      '2',
    ]);
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toMatch(/^edgewise-load: the server stopped answering: 2 messages .*\n$/);
  });

  test('silence on one connection while the others go on', async () => {
    let forgotten: Socket | undefined;
    const port = await generator.listen((socket, data) => {
      forgotten ??= socket;
      if (socket !== forgotten || socket.bytesRead === data.length) socket.write(data);
    });
    const args = ['--port', `${port}`, '--stall', '0.3', '--seconds', '0.2', '--warmup', '0'];
    const ended = await generator.runRaw(args);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('the server stopped answering: 1 messages');
  });

  test('nothing listens', async () => {
    const probe = createServer();
    await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    await expect(generator.load({ port })).rejects.toThrow('Connection refused');
  });
});

describe('bad arguments of the load generator: exit code 2 and one line', () => {
  test.each([
    [''],
    ['--port'],
    ['--port 0'],
    ['--port 65536'],
    ['--port 1x'],
    ['--port 1.5'],
    ['--port nan'],
    ['--port 1 --connections 0'],
    ['--port 1 --connections 1e9'],
    ['--port 1 --size 0'],
    ['--port 1 --size -1'],
    ['--port 1 --seconds 0'],
    ['--port 1 --seconds inf'],
    ['--port 1 --warmup -1'],
    ['--port 1 --stall 0'],
    ['--port 1 --server-pid 0'],
    ['--port 1 --server-cpu 0'],
    ['--port 1 --load-cpu 1024'],
    ['--port 1 --unknown 1'],
    ['--port 1 --mode'],
    ['--port 1 --mode other'],
    ['--port 1 --sources 255'],
    ['--port 1 --host ::1 --sources 2'],
    ['1'],
  ])('%j', async (line) => {
    const ended = await generator.runRaw(line.split(' ').filter((word) => word !== ''));
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(/^edgewise-load: [^\n]+\n$/);
  });
});

describe('measure', () => {
  const options = (contenders: readonly Contender[]): MeasureOptions => ({
    contenders,
    loadProgram: LOAD,
    connections: 2,
    size: 64,
    rounds: 3,
    seconds: 0.25, // on a busy machine a shorter window may pass without an answer
    warmupSeconds: 0,
  });
  const named = (name: string): Contender => ({ ...nodeNetContender(name), name });

  test('visits the contenders in turn, another one first in each round', async () => {
    const visits: string[] = [];
    const onProgress = (done: number, total: number, name: string) => {
      expect(total).toBe(6);
      expect(done).toBe(visits.length);
      visits.push(name);
    };
    const results = await measure({ ...options([named('a'), named('b')]), onProgress });
    expect(visits).toEqual(['a', 'b', 'b', 'a', 'a', 'b']);
    expect(results.map(({ name, rounds }) => [name, rounds.length])).toEqual([
      ['a', 3],
      ['b', 3],
    ]);
    const pids = results.flatMap(({ rounds }) => rounds.map(({ server }) => server?.pid ?? 0));
    expect(new Set(pids).size).toBe(2);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  test('ends all servers when one does not start, and says why', async () => {
    const script = 'console.error("no such luck"); process.exit(3)';
    const broken = { name: 'broken', command: process.execPath, args: ['-e', script] };
    const before = process.listenerCount('exit');
    const failure = measure(options([named('a'), broken]));
    await expect(failure).rejects.toThrow('broken did not start: no such luck');
    expect(process.listenerCount('exit')).toBe(before);
  });

  test('names the server that echoes something else', async () => {
    const script = `require('net').createServer((s) => s.on('data', (d) => s.write(d.fill(0))))
      .listen(0, '127.0.0.1', function () { console.log('listening on 127.0.0.1:' + this.address().port) })`;
    const liar = { name: 'liar', command: process.execPath, args: ['-e', script] };
    await expect(measure(options([named('a'), liar]))).rejects.toThrow(/^liar: .*a byte differs/);
  });

  test.runIf(isLinux)('takes its children along when the process is interrupted', async () => {
    const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
    const args = [main, 'demo', '--connections', '2', '--seconds', '60'];
    const parent = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    generator.after(() => parent.kill('SIGKILL'));
    await new Promise((resolve) => parent.stderr.once('data', resolve)); // the first round begins
    const pids = childrenOf(parent.pid ?? 0);
    expect(pids.length).toBeGreaterThan(0);
    const ended = new Promise((resolve) => parent.once('exit', resolve));
    parent.kill('SIGINT');
    expect(await ended).toBe(130);
    await expect.poll(() => pids.filter(isAlive)).toEqual([]);
  });

  test('summaries: medians, spreads, ratios round by round', () => {
    expect(spreadOf([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
    expect(spreadOf([4, 1, 2, 3])).toEqual({ median: 2.5, min: 1, max: 4 });
    expect(ratioOf([2, 20, 3], [1, 10, 1])).toEqual({ median: 2, min: 2, max: 3 });
    expect(formatSpread({ median: 2, min: 1, max: 3.456 }, 2)).toBe('2.00 (1.00..3.46)');
    const of = (name: string, cpuNs: number | null) => ({ name, rounds: [report(cpuNs)] });
    expect(summarize(of('a', 50_000)).cpuUsPerMessage?.median).toBe(5);
    expect(cpuRatio(of('a', 50_000), of('b', 100_000))?.median).toBe(0.5);
    expect(cpuRatio(of('a', null), of('b', 100_000))).toBeNull();
  });

  test('tables: the first column flush left, the others flush right', () => {
    const rows = [
      ['', 'msg/s'],
      ['node', '9'],
    ];
    expect(formatTable(rows)).toBe('      msg/s\n----  -----\nnode      9');
    const tall = [
      ['', 'CPU\nµs'],
      ['node', '9'],
    ];
    expect(formatTable(tall)).toBe('      CPU\n       µs\n----  ---\nnode    9');
  });
});

// See proc_pid_task(5): the children of a single-threaded starter are those of its main thread.
function childrenOf(pid: number): number[] {
  const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1');
  return list.trim().split(' ').filter(Boolean).map(Number);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false; // ESRCH
  }
  // A zombie still has its number until its new parent, which is not ours, looks.
  return !isLinux || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
}

function report(cpuNs: number | null): LoadReport {
  const rss = { rssBaseBytes: 1, rssIdleBytes: 1, rssEndBytes: 1 };
  return {
    connections: 1,
    size: 64,
    windowSeconds: 1,
    messages: 10,
    messagesPerSecond: 10,
    latencyUs: { p50: 1, p99: 1, p999: 1, max: 1 },
    messagesPerConnection: { min: 10, max: 10 },
    server: { pid: 1, cpuNs, ...rss },
    loadCpuNs: null,
    serverCpu: null,
    loadCpu: null,
  };
}
