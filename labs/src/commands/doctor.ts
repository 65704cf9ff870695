// `edgewise lab doctor`: what the grader needs, and what is here.
import { connect, createServer } from 'node:net';
import { availableParallelism } from 'node:os';
import { canObserve } from '../exam/observe.ts';
import { stripsTypes } from '../exam/program.ts';
import { edgewiseRoot, LABS_ROOT, versionIn } from '../root.ts';
import { hasProgram } from '../system.ts';
import { table } from '../wrap.ts';
import type { Command } from './command.ts';

/** With fewer, the checks with 1000 clients cannot be made. */
const DESCRIPTORS_MIN = 4096;
const LOOPBACK_MAX_MS = 2000;

interface Finding {
  readonly what: string;
  readonly value: string;
  /** What follows from it, where it is not as it should be. */
  readonly remedy?: string | undefined;
  /** Nothing can be graded then. */
  readonly isFatal?: boolean;
}

export const doctor: Command = {
  name: 'doctor',
  summary: 'what the grader finds on this machine',
  description:
    'Prints what labs and grader need, and what follows from what is missing.\n' +
    'Exit code 1: nothing can be graded here.',
  options: {},
  async run() {
    const findings = [
      { what: 'edgewise', value: versionIn(edgewiseRoot()) },
      { what: 'edgewise-labs', value: versionIn(LABS_ROOT) },
      ...system(),
      await loopback(),
      program('prlimit', 'checks with few descriptors need it (util-linux)'),
      program('redis-cli', 'checks of lab 6 with it are left out'),
      program('strace', 'needed by none; helps you to look'),
    ];
    const rows = findings.map(({ what, value, remedy }) => [what, value, remedy ?? '']);
    process.stdout.write(table(rows));
    return findings.some(({ isFatal }) => isFatal === true) ? 1 : 0;
  },
};

function system(): Finding[] {
  const cores = availableParallelism();
  const limit = descriptorLimit();
  const typescript = stripsTypes();
  return [
    { what: 'Node', value: process.version },
    {
      what: 'TypeScript',
      value: typescript ? 'yes' : 'no',
      remedy: typescript ? undefined : 'start labs with --js, or use Node 22.18',
    },
    {
      what: '/proc',
      value: canObserve ? 'yes' : 'no',
      remedy: canObserve ? undefined : 'checks of CPU, memory and descriptors are left out',
    },
    {
      what: 'descriptors',
      value: limit === undefined ? 'unknown' : `${limit}`,
      remedy:
        limit !== undefined && limit < DESCRIPTORS_MIN ? `ulimit -n ${DESCRIPTORS_MIN}` : undefined,
    },
    {
      what: 'cores',
      value: `${cores}`,
      remedy: cores < 2 ? 'the grader disturbs the program on one core' : undefined,
    },
  ];
}

// The header of process.report has the limits.
function descriptorLimit(): number | undefined {
  const report = process.report?.getReport() as unknown as
    | { readonly userLimits?: { readonly open_files?: { readonly soft: string | number } } }
    | undefined;
  const soft = report?.userLimits?.open_files?.soft;
  if (soft === undefined) return undefined;
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}

function program(name: string, remedy: string): Finding {
  const isThere = hasProgram(name);
  return { what: name, value: isThere ? 'yes' : 'no', remedy: isThere ? undefined : remedy };
}

async function loopback(): Promise<Finding> {
  try {
    await connectToSelf();
    return { what: 'loopback', value: 'yes' };
  } catch (error) {
    const value = `no: ${(error as NodeJS.ErrnoException).code}`;
    return { what: 'loopback', value, remedy: 'ip link set lo up', isFatal: true };
  }
}

function connectToSelf(): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer((peer) => peer.destroy());
    const timer = setTimeout(
      () => reject(Object.assign(new Error(), { code: 'ETIMEDOUT' })),
      LOOPBACK_MAX_MS,
    );
    const end = (error?: Error): void => {
      clearTimeout(timer);
      server.close();
      if (error === undefined) resolve();
      else reject(error);
    };
    server.on('error', end).listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      const client = connect(port, '127.0.0.1', () => client.destroy());
      client.on('error', end).on('close', () => end());
    });
  });
}
