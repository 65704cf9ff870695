// What the tests of the examples share: a server is started as a program, its test is run under all faults, and
// at the end its listener is all that is open.
import { expect } from 'vitest';
import { type SimulateOptions, type Simulation, simulate } from '../../../src/testing/index.ts';
import { type Program, start } from './program.ts';

export const PORT = 7007;
/** How often a test is run, each time with other faults. */
export const RUNS = Number(process.env.EDGEWISE_RUNS ?? 50);
/** Of nearly all of them. */
export const FAULTS = {
  delayMs: 20,
  cut: 0.3,
  shortReads: 0.3,
  shortWrites: 0.3,
  spurious: 0.1,
  order: 0.3,
};

/** Buffers that a message does not fit into. */
export const SMALL = { send: 4096, receive: 4096 };

/** Runs a test of a server of examples/ over and over. */
export function checkServer(
  name: string,
  body: (sim: Simulation, program: Program) => Promise<void>,
  options: SimulateOptions = {},
): Promise<void> {
  // Examples leave their listener to the end of the process.
  const isModel = name.startsWith('models/');
  const runs = isModel ? Math.ceil(RUNS / 2) : RUNS; // what they wait with, others do as well
  const all = { runs, edges: 'strict', leaks: 'allowed', ...options } as const;
  return simulate({ ...all, faults: { ...FAULTS, ...options.faults } }, async (sim) => {
    const program = start(name, ...(isModel ? ['--port', String(PORT)] : [String(PORT)]));
    await sim.settle();
    expect(program.lines).toEqual([`listening on 127.0.0.1:${PORT}`]);
    await body(sim, program);
    await sim.calm();
    // That of the signals is an eventfd.
    const open = sim.descriptors.open.filter((what) => what !== 'eventfd');
    expect(open).toEqual([`listener 127.0.0.1:${PORT}`]);
    expect(sim.signal('SIGINT')).toBe(!isModel); // which ends a model with its process
    if (!isModel) await program.ended;
  });
}

/** Bytes of which every four differ from all others. */
export function numbered(byteCount: number): Buffer {
  const bytes = Buffer.alloc(byteCount);
  for (let at = 0; at < byteCount; at += 4) bytes.writeUInt32LE(at, at);
  return bytes;
}
