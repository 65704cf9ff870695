// The file of a run: written, read, and refused with a reason.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Results } from '../src/model.ts';
import { parseResults, ResultsError, readResults, writeResults } from '../src/results.ts';

const folder = mkdtempSync(join(tmpdir(), 'edgewise-results-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const RESULTS: Results = {
  format: 'edgewise-bench/1',
  startedAt: '2026-01-01T00:00:00.000Z',
  seconds: 1.5,
  command: 'npm run bench -- tcp-echo',
  machine: {
    kernel: 'Linux 6',
    cpu: 'a CPU',
    cpus: 2,
    node: 'v20',
    libuv: '1',
    ioUring: 'off',
    edgewise: '0',
    pinning: 'not pinned',
  },
  contenders: [{ name: 'node', label: 'Node.js', family: 'javascript', version: 'v20' }],
  missing: [{ name: 'go', reason: 'go is not installed', install: 'apt-get install golang-go' }],
  scenarios: [
    {
      name: 'tcp-echo',
      title: 'TCP echo',
      operation: 'a message and its echo',
      metrics: [{ name: 'cpuUs', label: 'CPU', unit: 'µs', better: 'lower' }],
      merit: 'cpuUs',
      bases: ['node'],
      axis: 'connections',
    },
  ],
  cases: [
    {
      scenario: 'tcp-echo',
      setting: { connections: 64 },
      measurements: [
        {
          contender: 'node',
          rounds: [
            {
              values: { cpuUs: 7 },
              latency: 'HIST',
              disturbance: { steal: 0, otherLoad: 0.1, runQueueDelay: 0.2 },
            },
          ],
          once: {},
        },
      ],
      failures: { go: 'it ended: exit code 1' },
    },
  ],
};

/** The results as JSON has them, with one thing changed. */
function broken(change: (copy: ReturnType<typeof JSON.parse>) => void): unknown {
  const copy = structuredClone(RESULTS) as ReturnType<typeof JSON.parse>;
  change(copy);
  return copy;
}

describe('results', () => {
  it('come back as they were written', () => {
    const path = join(folder, 'good.json');
    writeResults(path, RESULTS);
    expect(readResults(path)).toEqual(RESULTS);
  });

  it.each([
    ['no JSON', 'no', /broken\.json: .*JSON/],
    ['a list', '[]', /its format is not 'edgewise-bench\/1'/],
    ['of another program', '{"results":[]}', /its format is not 'edgewise-bench\/1'/],
    ['of a later format', '{"format":"edgewise-bench/2"}', /its format is not/],
  ])('a file that is %s is refused', (_, text, reason) => {
    const path = join(folder, 'broken.json');
    writeFileSync(path, text);
    expect(() => readResults(path)).toThrow(ResultsError);
    expect(() => readResults(path)).toThrow(reason);
  });

  it('a file that is not there is refused', () => {
    expect(() => readResults(join(folder, 'none.json'))).toThrow(/none\.json: ENOENT/);
  });

  it.each([
    ['machine is not an object', broken((copy) => void delete copy.machine)],
    ['machine.cpus is not a number', broken((copy) => (copy.machine.cpus = '2'))],
    ['contenders[0].family is not one of', broken((copy) => (copy.contenders[0].family = 'x'))],
    ['cases[0].setting is not an object', broken((copy) => (copy.cases[0].setting = []))],
    [
      'cases[0].measurements[0].rounds[0].values.cpuUs is not a number',
      broken((copy) => (copy.cases[0].measurements[0].rounds[0].values.cpuUs = null)),
    ],
    [
      'cases[0].measurements[0].rounds[0].disturbance.steal is not a number',
      broken((copy) => void delete copy.cases[0].measurements[0].rounds[0].disturbance.steal),
    ],
    ['cases[0].failures.go is not a text', broken((copy) => (copy.cases[0].failures.go = {}))],
  ])('says where it is wrong: %s', (message, value) => {
    expect(() => parseResults(value)).toThrow(message);
  });
});
