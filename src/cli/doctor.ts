// `edgewise doctor`: what a report of a problem should begin with.
import { release, version } from 'node:os';
import type { Command } from './command.ts';
import type { BackendDescription } from './platform.ts';

type Line = readonly [what: string, value: string];

// process.report's header is what Node itself knows of the C library and of the limits.
interface Report {
  readonly header: { readonly glibcVersionRuntime?: string };
  readonly userLimits?: {
    readonly open_files?: { readonly soft: string | number; readonly hard: string | number };
  };
}

function systemLines(): Line[] {
  const report = process.report?.getReport() as unknown as Report | undefined;
  const files = report?.userLimits?.open_files;
  const glibc = report?.header.glibcVersionRuntime;
  return [
    ['platform', `${process.platform} ${process.arch}${libcName(glibc)}`],
    ['kernel', `${release()} (${version()})`],
    ['Node', process.version],
    ['libuv', process.versions.uv],
    ['descriptors', files === undefined ? 'unknown' : `${files.soft} soft, ${files.hard} hard`],
  ];
}

function libcName(glibc: string | undefined): string {
  if (process.platform !== 'linux') return '';
  return glibc === undefined ? ', musl' : `, glibc ${glibc}`;
}

function backendLine({ name, isPreferred, triggers, isExclusive, fdLimit }: BackendDescription) {
  const extras = [
    isPreferred ? 'preferred' : '',
    isExclusive ? 'exclusive wake-ups' : '',
    fdLimit === 0 ? '' : `descriptors below ${fdLimit}`,
  ].filter((extra) => extra !== '');
  const tail = extras.length === 0 ? '' : ` (${extras.join(', ')})`;
  return [`back-end ${name}`, `${triggers.join(', ')}${tail}`] as const;
}

async function addonLines(): Promise<Line[]> {
  const { addonOrigin, addonPath } = await import('../native.ts');
  const { describePlatform } = await import('./platform.ts');
  const { backends, hasNanosecondWait, attachDriver } = describePlatform();
  const waitCall = process.platform === 'linux' ? 'epoll_pwait2' : 'nanosecond wait';
  return [
    ['addon', `${addonOrigin}, ${addonPath}`],
    ...backends.map(backendLine),
    [waitCall, hasNanosecondWait ? 'yes' : 'no: timeouts are rounded up to milliseconds'],
    ['attach()', attachDriver ?? 'not on this runtime: drive the reactor with turn()'],
  ];
}

export const doctor: Command = {
  name: 'doctor',
  summary: 'what this platform offers, for a look or a report of a problem',
  description:
    'Prints the platform, the back-ends and triggers that it has, the limits, and where the addon\n' +
    'came from. Exit code 1 when the addon cannot be loaded.',
  options: {},
  async run() {
    const lines = systemLines();
    const failure = await addonLines().then(
      (more) => void lines.push(...more),
      (error: Error) => error,
    );
    const width = Math.max(...lines.map(([what]) => what.length));
    for (const [what, value] of lines) {
      process.stdout.write(`${what.padEnd(width)}  ${value}\n`);
    }
    if (failure !== undefined) throw failure;
    return 0;
  },
};
