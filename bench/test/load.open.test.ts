// The two loops against a server that stalls. The open loop must show the stall: its messages are
// due whatever the server does. The closed loop waits together with the server, and hides it.
import { decodeFromCompressedBase64 } from 'hdr-histogram-js';
import { describe, expect, test } from 'vitest';
import { type LoadPlan, runLoad } from '../src/load.ts';
import { outputOf, planFor, useServers } from './helpers/servers.ts';

const servers = useServers();
const STALL_MS = 200;
const PERIOD_MS = 1000;

function milliseconds(latency: string | undefined, percentile: number): number {
  return decodeFromCompressedBase64(latency ?? '').getValueAtPercentile(percentile) / 1e6;
}

describe(`against a server that stalls for ${STALL_MS} ms once a second`, () => {
  async function load(plan: Partial<LoadPlan>) {
    const port = await servers.stalling(STALL_MS, PERIOD_MS);
    return runLoad(planFor(port, { seconds: 2.5, warmupSeconds: 0, ...plan }));
  }

  test('the 99th percentile of the open loop shows the stall', async () => {
    const plan = { mode: 'open', ratePerSecond: 400 } as const;
    const { latency, errors, unfinished, lateMaxUs } = await load(plan);
    expect(unfinished).toBe(0);
    expect(lateMaxUs).toBeGreaterThan(0);
    expect(milliseconds(latency, 99)).toBeGreaterThan(STALL_MS / 2);
    // Two or three stalls in 2.5 s: most messages are due between them.
    expect(milliseconds(latency, 50)).toBeLessThan(STALL_MS / 2);
    expect(errors).toBe(0);
  });

  test('that of the closed loop does not, though its slowest message does', async () => {
    const { latency, lateMaxUs } = await load({ mode: 'closed' });
    expect(lateMaxUs).toBeUndefined(); // it has no schedule
    expect(milliseconds(latency, 99)).toBeLessThan(STALL_MS / 4);
    expect(milliseconds(latency, 100)).toBeGreaterThan(STALL_MS / 2);
  });
});

describe('the schedule', () => {
  const args = (port: number, ...more: (string | number)[]) =>
    servers.load('--port', port, '--warmup', 0, '--histogram', ...more);

  test('has the rate that was asked for, spread over all connections', async () => {
    const port = await servers.echo();
    const shape = ['--rate', 1000, '--seconds', 0.5, '--connections', 5];
    const { stdout } = await outputOf(args(port, ...shape));
    const report = JSON.parse(stdout);
    expect(report.schedule).toMatchObject({ ratePerSecond: 1000, unfinished: 0 });
    expect(report.schedule.due).toBe(500);
    const recorded = report.latencyNs.reduce(
      (sum: number, [, count]: number[]) => sum + (count ?? 0),
      0,
    );
    expect(recorded).toBe(report.schedule.due);
    // Each has one more, from before.
    expect(report.messagesPerConnection).toEqual({ min: 101, max: 101 });
  });

  test.runIf(process.platform !== 'win32')('what the load itself was late counts too', async () => {
    const PAUSE_MS = 300;
    let child: ReturnType<typeof args> | undefined;
    let received = 0;
    const port = await servers.tcp((socket) => {
      socket.on('data', (data) => {
        socket.write(data);
        received += data.length;
        if (received < 50 * 64 || child?.killed !== false) return;
        child.kill('SIGSTOP');
        setTimeout(() => child?.kill('SIGCONT'), PAUSE_MS);
      });
    });
    child = args(port, '--rate', 500, '--seconds', 1, '--connections', 2);
    const { stdout } = await outputOf(child);
    const report = JSON.parse(stdout);
    expect(report.schedule.due).toBe(500);
    expect(report.schedule.lateMaxUs).toBeGreaterThan(PAUSE_MS * 500);
    expect(report.latencyUs.p99).toBeGreaterThan(PAUSE_MS * 500);
  });

  test('what finds no room in the socket is counted from when it was due', async () => {
    const PAUSE_MS = 400;
    const SIZE = 500_000;
    const port = await servers.tcp((socket) => {
      let wasPaused = false;
      socket.on('data', (data) => {
        socket.write(data);
        if (wasPaused || socket.bytesRead < 2 * SIZE) return;
        wasPaused = true;
        socket.pause(); // the kernel's buffers fill, then messages wait in the load
        setTimeout(() => socket.resume(), PAUSE_MS);
      });
    });
    const shape = ['--rate', 100, '--seconds', 0.6, '--connections', 1, '--size', SIZE];
    const { stdout, stderr } = await outputOf(args(port, ...shape));
    expect(stderr).toBe('');
    const report = JSON.parse(stdout);
    expect(report.schedule).toMatchObject({ due: 60, unfinished: 0 });
    expect(report.messagesPerConnection.max).toBe(61);
    expect(report.latencyUs.max).toBeGreaterThan(PAUSE_MS * 500);
    expect(report.schedule.lateMaxUs).toBeLessThan(PAUSE_MS * 500); // it never blocked
  });

  test('messages that are never answered are unfinished, and their age is recorded', async () => {
    const port = await servers.tcp((socket) => {
      let count = 0;
      socket.on('data', (data) => ++count <= 20 && socket.write(data));
    });
    const shape = ['--rate', 200, '--seconds', 0.5, '--connections', 1, '--stall', 0.6];
    const { code, stdout } = await outputOf(args(port, ...shape));
    expect(code).toBe(0);
    const report = JSON.parse(stdout);
    expect(report.schedule.due).toBe(100);
    expect(report.schedule.unfinished).toBe(100 - (report.messagesPerConnection.max - 1));
    expect(report.schedule.unfinished).toBeGreaterThan(0);
    expect(report.latencyUs.max).toBeGreaterThan(600_000);
  });

  test('runLoad counts them as errors', async () => {
    const port = await servers.tcp((socket) => {
      let count = 0;
      socket.on('data', (data) => ++count <= 5 && socket.write(data));
    });
    const plan = planFor(port, { mode: 'open', ratePerSecond: 100, connections: 1 });
    const { errors, operations } = await runLoad({ ...plan, warmupSeconds: 0 });
    expect(errors).toBeGreaterThan(0);
    expect(errors + operations).toBe(30);
  });
});

test('an abort ends the load', async () => {
  const abort = new AbortController();
  const port = await servers.tcp((socket) => {
    socket.pipe(socket);
    socket.once('data', () => abort.abort());
  });
  const plan = planFor(port, { mode: 'open', ratePerSecond: 100, seconds: 60 });
  await expect(runLoad(plan, { signal: abort.signal })).rejects.toThrow(
    expect.objectContaining({ name: 'AbortError' }),
  );
});
