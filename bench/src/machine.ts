// What a figure depends on beside the code: the machine, its software, and which CPU does what.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, type } from 'node:os';
import { ioUringCount } from './measure/usage.ts';
import type { Machine } from './model.ts';
import { inRoot } from './root.ts';

/** The CPU of the contender and that of the load. */
export interface Pinning {
  readonly server: number;
  readonly load: number;
}

/**
 * Two CPUs that are as far apart as the numbering tells, since neighbours are often one core's two
 * threads; undefined where there is one only, or no `taskset` to pin with.
 */
export function choosePinning(): Pinning | undefined {
  const allowed = allowedCpus();
  const [server] = allowed;
  const load = allowed.at(-1);
  if (server === undefined || load === undefined || server === load) return undefined;
  return spawnSync('taskset', ['--version']).status === 0 ? { server, load } : undefined;
}

// See proc_pid_status(5), Cpus_allowed_list: "0-3,8".
function allowedCpus(): number[] {
  if (process.platform !== 'linux') return [];
  const status = readFileSync('/proc/self/status', 'latin1');
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '';
  return list.split(',').flatMap((range) => {
    const [first = Number.NaN, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
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
    edgewise: edgewiseVersion(),
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

function edgewiseVersion(): string {
  const { version } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'));
  const args = ['describe', '--always', '--dirty', '--exclude', '*'];
  const { stdout, status } = spawnSync('git', args, { cwd: inRoot('.'), encoding: 'utf8' });
  return status === 0 ? `${version} (${stdout.trim()})` : version;
}
