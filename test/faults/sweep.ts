// Runs a program once for each call of the kernel that it makes and each error that the call may have,
// with that one call failing. Whatever fails, the program ends: what it opened is closed,
// what failed says so by an error with a code, and no descriptor is left.
import { expect } from 'vitest';
import { ErrnoError } from '../../src/errors.ts';
import { countDescriptors } from '../helpers/descriptors.ts';
import { inject, type KernelCall } from '../helpers/injection.ts';

export const ERRNOS = [
  'EBADF',
  'EINVAL',
  'ENOMEM',
  'ENOSPC',
  'ENOBUFS',
  'EPERM',
  'EACCES',
  'EIO',
  'EMFILE',
  'ENOTCONN',
  'ECONNRESET',
  'ENOSYS',
] as const;

/** Errors that the kernel gives only together with something else, which an injected one lacks. */
const IMPOSSIBLE: Readonly<Partial<Record<KernelCall, readonly string[]>>> = {
  // The peer has reset the connection: the next read or the poller reports that as well.
  shutdown: ['ENOTCONN'],
  // It is still connecting: another report of readiness follows.
  getpeername: ['ENOTCONN'],
};

/** What has not ended by then hangs. */
const HANGS_MS = 5000;

/** So many occurrences of one call are tried, the first ones. */
const OCCURRENCES_MAX = 4;

/** What a program reports of itself. */
export class Report {
  /** Errors by which it ended, or that it threw: anything that reached the user. */
  readonly errors: unknown[] = [];
  /** What reached `onError`, or would have been an uncaught exception. */
  readonly stray: unknown[] = [];
  /** What did not end, by name. */
  readonly hanging: string[] = [];

  /** Bound: an error, or none, that ended something. */
  readonly ended = (error: unknown): void => {
    if (error !== undefined && error !== null) this.errors.push(error);
  };

  /** Calls a method that throws nothing of the kernel's: what it throws but ERR_CLOSED is stray. */
  calls(method: () => void): void {
    try {
      method();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_CLOSED') this.stray.push(error);
    }
  }

  /** Names something that should have ended, when it has not. */
  expectEnd(name: string, hasEnded: boolean): void {
    if (!hasEnded) this.hanging.push(name);
  }
}

/** Lets Node's loop pass until `isDone`, or until it hangs. */
export async function passes(isDone: () => boolean): Promise<void> {
  const limit = performance.now() + HANGS_MS;
  while (!isDone() && performance.now() < limit) await new Promise(setImmediate);
}

export type Program = (report: Report) => void | Promise<void>;

function isTyped(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.every(isTyped);
  if (error instanceof ErrnoError) return error.syscall.length > 0 && error.code.startsWith('E');
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string';
}

function faultsOf(report: Report, leftOpen: number): string[] {
  const { errors, stray, hanging } = report;
  return [
    ...hanging.map((name) => `${name} hangs`),
    ...stray.map((error) => `stray: ${error}`),
    ...errors.filter((error) => !isTyped(error)).map((error) => `no code: ${error}`),
    ...(leftOpen === 0 ? [] : [`${leftOpen} descriptors are left`]),
  ];
}

async function runOnce(program: Program): Promise<string[]> {
  const before = countDescriptors();
  const report = new Report();
  const onStray = (error: unknown) => void report.stray.push(error);
  process.prependListener('uncaughtException', onStray);
  process.prependListener('unhandledRejection', onStray);
  try {
    await program(report);
    await new Promise((resolve) => setImmediate(resolve)); // unhandled rejections are known by then
  } catch (error) {
    report.ended(error);
  } finally {
    process.off('uncaughtException', onStray);
    process.off('unhandledRejection', onStray);
  }
  return faultsOf(report, countDescriptors() - before);
}

/** Expects that `program` survives each error at each of its first calls of `call`. */
export async function sweep(program: Program, call: KernelCall): Promise<void> {
  expect(await runOnce(program), 'without a fault').toEqual([]); // and what is made once is made
  const dry = inject(call, 'EIO', { times: 0 });
  await runOnce(program);
  dry.end();
  const occurrences = Math.min(dry.seen, OCCURRENCES_MAX);
  expect(occurrences, `calls of ${call}`).toBeGreaterThan(0);
  const found: string[] = [];
  for (let after = 0; after < occurrences; after++) {
    for (const code of ERRNOS) {
      if (IMPOSSIBLE[call]?.includes(code) === true) continue;
      const fault = inject(call, code, { after });
      const faults = await runOnce(program);
      if (fault.count !== 1) faults.push(`failed ${fault.count} times`);
      fault.end();
      found.push(...faults.map((what) => `${call} no. ${after + 1}, ${code}: ${what}`));
    }
  }
  expect(found).toEqual([]);
}
