// What it costs to be watched: the echo of edgewise with a trace at each level next to none, and a handler
// of `registerEdge` next to one of `register` that makes the same calls.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { built, contender, located, type Parts } from '../contenders/locate.ts';
import { CPU, LATENCIES, RATE, SYSCALLS } from '../metrics.ts';
import type { Contender } from '../model.ts';
import { inRoot } from '../root.ts';
import { generated } from './loads.ts';
import type { Scenario } from './scenario.ts';

const LEVELS = ['counts', 'events', 'timed', 'calls'] as const;

function ours(
  name: string,
  label: string,
  args: () => readonly string[],
  env: () => Readonly<Record<string, string>> = () => ({}),
): Contender {
  const parts: Parts = { 'tcp-echo': args };
  return contender(name, label, 'edgewise', 'npm run build', async () =>
    located(process.version, process.execPath, parts, { env: env() }),
  );
}

const echo = () => [built('dist/cli/main.js'), 'echo', '--port', '0', '--trigger', 'level'];

// Each server writes its trace when it ends, to a folder that goes with the suite.
function tracedAt(level: string): Contender {
  return ours(`traced-${level}`, `traced, ${level}`, echo, () => {
    const folder = mkdtempSync(join(tmpdir(), 'edgewise-bench-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    return { EDGEWISE_TRACE: `${join(folder, 'echo.edgetrace')},${level}` };
  });
}

const drained = (how: string) => () => {
  built('dist/index.js');
  return [inRoot('bench/peers/edgewise/drained-echo.mjs'), how];
};

const COMMON = {
  operation: 'one message and its echo; a connection has one under way',
  role: 'tcp-echo',
  load: generated('tcp', 'closed'),
  metrics: [CPU, RATE, ...LATENCIES, SYSCALLS],
  merit: CPU.name,
  isOnDemand: true,
  variations: [{ setting: { connections: 64, size: 64 }, field: 'all', isQuick: true }],
} as const;

export const watching: readonly Scenario[] = [
  {
    ...COMMON,
    name: 'trace',
    title: 'TCP echo, traced',
    bases: ['untraced'],
    own: [ours('untraced', 'untraced', echo), ...LEVELS.map(tracedAt)],
  },
  {
    ...COMMON,
    name: 'register-edge',
    title: 'TCP echo of edge handlers',
    bases: ['register'],
    own: [
      ours('register', "register(…, 'edge')", drained('register')),
      ours('register-edge', 'registerEdge', drained('registerEdge')),
    ],
  },
];
