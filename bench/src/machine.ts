// What a figure depends on beside the code: the machine, its software, and which CPU does what.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, type } from 'node:os';
import { join } from 'node:path';
import { type Pinning, separateCpus } from '../../src/cli/measure/index.ts';
import { ioUringCount } from './measure/usage.ts';
import type { Machine } from './model.ts';
import { inRoot } from './root.ts';

/** Two CPUs far apart; undefined where there is one only, or no `taskset` to pin with. */
export function choosePinning(): Pinning | undefined {
  const cpus = separateCpus();
  return cpus && spawnSync('taskset', ['--version']).status === 0 ? cpus : undefined;
}

/** How many descriptors a program that is started here may have. */
export function descriptorLimit(): number {
  if (process.platform !== 'linux') return Number.POSITIVE_INFINITY;
  const limits = readFileSync('/proc/self/limits', 'latin1');
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
}

export function describeMachine(pinning: Pinning | undefined): Machine {
  return {
    kernel: `${type()} ${release()}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cpus: availableParallelism(),
    node: process.version,
    libuv: process.versions.uv,
    ioUring: ioUringState(),
    edgewise: checkoutVersion(inRoot('.')),
    pinning:
      pinning === undefined
        ? 'not pinned'
        : `server on CPU ${pinning.server}, load on CPU ${pinning.load}`,
  };
}

// Seen, not guessed: a libuv that uses io_uring holds a descriptor of it.
function ioUringState(): string {
  if (process.platform !== 'linux') return 'off: not Linux';
  if (ioUringCount('self')) return 'on: this Node holds a ring';
  if (kernelSetting('io_uring_disabled') === '2') return 'off: kernel.io_uring_disabled is 2';
  const asked = process.env.UV_USE_IO_URING;
  return `off: this Node holds no ring, UV_USE_IO_URING is ${asked ?? 'not set'}`;
}

function kernelSetting(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/kernel/${name}`, 'utf8').trim();
  } catch {
    return undefined; // a kernel without the setting
  }
}

/** The version of the package in a checkout, with its commit: `0.1.0 (1a2b3c4-dirty)`. */
export function checkoutVersion(root: string): string {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const args = ['describe', '--always', '--dirty', '--exclude', '*'];
  const { stdout, status } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  return status === 0 ? `${version} (${stdout.trim()})` : version;
}
