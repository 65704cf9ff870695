// `edgewise doctor`: the facts that a bug report should begin with.
import { release, version } from 'node:os';
import type { PollerCapabilities, Reactor } from '../index.ts';
import type { Command } from './command.ts';

type Line = readonly [what: string, value: string];

// The header of process.report has the C library and the limits.
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
    ...hostLines(),
    ['Node', process.version],
    ['libuv', process.versions.uv],
    ['descriptors', files === undefined ? 'unknown' : `${files.soft} soft, ${files.hard} hard`],
  ];
}

// Other hosts name the Node that they are like as their version.
function hostLines(): Line[] {
  const { bun, deno } = process.versions;
  if (bun !== undefined) return [['host', `Bun ${bun}`]];
  return deno === undefined ? [] : [['host', `Deno ${deno}`]];
}

function libcName(glibc: string | undefined): string {
  if (process.platform !== 'linux') return '';
  return glibc === undefined ? ', musl' : `, glibc ${glibc}`;
}

function backendLine(capabilities: PollerCapabilities, isPreferred: boolean): Line {
  const { backend, triggers, exclusive, fdLimit } = capabilities;
  const extras = [
    isPreferred ? 'preferred' : '',
    exclusive ? 'exclusive wake-ups' : '',
    Number.isFinite(fdLimit) ? `descriptors below ${fdLimit}` : '',
  ].filter((extra) => extra !== '');
  const tail = extras.length === 0 ? '' : ` (${extras.join(', ')})`;
  return [`back-end ${backend}`, `${triggers.join(', ')}${tail}`];
}

async function addonLines(): Promise<Line[]> {
  const { addonOrigin, addonPath, native } = await import('../native.ts');
  const { Poller, Reactor } = await import('../index.ts');
  const [, , hasNanosecondWait] = native.platformFacts();
  const waitCall = process.platform === 'linux' ? 'epoll_pwait2' : 'nanosecond wait';
  return [
    ['addon', `${addonOrigin}, ${addonPath}`],
    ...Poller.backends.map((backend) =>
      backendLine(Poller.capabilitiesOf(backend), backend === Poller.preferredBackend),
    ),
    [waitCall, hasNanosecondWait === 1 ? 'yes' : 'no: timeouts are rounded up to milliseconds'],
    ['attach()', driverOf(new Reactor())],
  ];
}

// The result of an attempt, not an assumption.
function driverOf(reactor: Reactor): string {
  try {
    reactor.attach();
    return reactor.driverMode ?? 'none';
  } catch (error) {
    return (error as Error).message;
  } finally {
    reactor.close();
  }
}

export const doctor: Command = {
  name: 'doctor',
  summary: 'what this platform offers: for yourself, or for a bug report',
  description:
    'Prints the platform, its back-ends and triggers, the limits, and the path of the addon.\n' +
    'Exit code 1 when the addon cannot be loaded.',
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
