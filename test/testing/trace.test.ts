// The trace of a run that has failed: it opens, shows the mistake, and has the times of the simulated machine.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Interest, Reactor } from '../../src/index.ts';
import * as sys from '../../src/sys/index.ts';
import { type Simulation, simulate } from '../../src/testing/index.ts';
import { decodeTrace, eventsOf } from '../../src/trace/index.ts';
import { modelOf } from '../../src/view/index.ts';
import { failureOf } from './failure.ts';

const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK } = sys.constants;
const NS_PER_S = 1e9;
let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'sim-trace-')), 'new');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(join(folder, '..'), { recursive: true });
});

/** An edge-triggered handler that reads once each time. */
async function readOnce(sim: Simulation): Promise<void> {
  const reactor = new Reactor();
  reactor.attach();
  const listener = sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
  sys.bind(listener, { address: '127.0.0.1', port: 7007 });
  sys.listen(listener);
  let received = 0;
  const accept = (): void => {
    const fd = sys.accept4(listener, null, SOCK_NONBLOCK);
    const onReady = (): void => {
      received += Math.max(sys.recv(fd, new Uint8Array(100)), 0);
    };
    reactor.register(fd, Interest.Readable, { onReady }, { trigger: 'edge' });
  };
  reactor.register(listener, Interest.Readable, { onReady: accept });
  const client = await sim.connect(7007);
  client.write('x'.repeat(1000));
  await sim.elapse('20s');
  expect(received).toBe(1000);
}

it('names a file that the reader opens, with the edge that was not drained', async () => {
  const { message, simulation } = await failureOf(readOnce, { edges: 'strict', trace: folder });
  const { trace = '' } = simulation;
  expect(trace.startsWith(folder)).toBe(true);
  expect(message.endsWith(`\nsee it: npx edgewise view ${trace}`)).toBe(true);
  const data = decodeTrace(readFileSync(trace));
  const [stream] = modelOf(data).streams;
  expect(stream?.findings.map(({ code }) => code)).toContain('UNDRAINED');
  const times = data.streams.flatMap((each) => [...eventsOf(each)].map(({ timeNs }) => timeNs));
  const [first = 0, last = 0] = [Math.min(...times), Math.max(...times)];
  expect([first, last < first + 60 * NS_PER_S]).toEqual([NS_PER_S, true]);
  expect(data.takenAtNs).toBeGreaterThanOrEqual(20 * NS_PER_S);
});

it('is of the kindest run alone, and makes no other run of it', async () => {
  const fails = async (sim: Simulation): Promise<void> => {
    new Reactor().close();
    await sim.connect(7007).then(
      (client) => client.end(),
      () => undefined,
    );
    expect(sim.now).toBe(0);
  };
  const faults = { delayMs: 9 };
  const { simulation } = await failureOf(fails, { runs: 100, faults, trace: folder });
  expect(readdirSync(folder)).toHaveLength(1);
  expect(decodeTrace(readFileSync(simulation.trace ?? '')).streams).toHaveLength(1);
  vi.stubEnv('EDGEWISE_SIM', simulation.choices);
  const again = await failureOf(fails, { runs: 100, faults, trace: folder });
  expect(again.simulation.choices).toBe(simulation.choices);
});

it('is not written with trace: false, nor where no reactor was', async () => {
  const own = () =>
    readdirSync(tmpdir()).filter((name) => name.startsWith(`edgewise-${process.pid}`));
  const before = own();
  const { message, simulation } = await failureOf(readOnce, { edges: 'strict', trace: false });
  expect([simulation.trace, /see it/.test(message)]).toEqual([undefined, false]);
  const without = await failureOf((sim) => sim.fail('accept4', 'EMFILE'), { trace: folder });
  expect(without.simulation.trace).toBeUndefined();
  expect(own()).toEqual(before);
});

it('does not hide what has failed where it cannot be written', async () => {
  const { message } = await failureOf(readOnce, { edges: 'strict', trace: '/dev/null/sub' });
  expect(message).toMatch(/^expected 100 to be 1000/);
  expect(message).toMatch(/no trace could be written: ENOTDIR$/);
});

it('leaves reactors of the thread alone', async () => {
  const outside = new Reactor();
  await simulate({}, () => new Reactor().close());
  expect(outside.trace().isClosed).toBe(false);
  outside.close();
});
