// A contender's program, as the tests run it: in a process group of its own, until SIGTERM.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import type { Command } from '../src/model.ts';

const STOP_MS_MAX = 10_000;

/** How a program has ended, and whether a process that it started is still there. */
export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly leavesProcesses: boolean;
}

/**
 * Starts a server, has `use` work with its port, and ends it by SIGTERM. One that does not end is
 * killed, which shows in the signal.
 */
export async function withServer(
  { file, args, env }: Command,
  use: (port: number) => Promise<void>,
): Promise<End> {
  const child = spawn(file, args, {
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const group = -(child.pid ?? Number.NaN);
  onTestFinished(() => {
    if (isThere(group)) process.kill(group, 'SIGKILL'); // the test has failed, or ran out of time
  });
  const ended = once(child, 'close');
  let text = '';
  let errors = '';
  const listening = new Promise<number>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
      const match = /:(\d+)\n/.exec(text);
      if (match !== null) resolve(Number(match[1]));
    });
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      errors += chunk;
    });
    child.once('error', reject);
    child.once('close', () => reject(new Error(`it ended before it listened: ${text}${errors}`)));
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    await use(await listening);
  } finally {
    if (child.exitCode === null) child.kill('SIGTERM');
    timer = setTimeout(() => process.kill(group, 'SIGKILL'), STOP_MS_MAX);
    await ended;
    clearTimeout(timer);
  }
  const { exitCode: code, signalCode: signal } = child;
  return { code, signal, leavesProcesses: isThere(group) };
}

function isThere(group: number): boolean {
  try {
    return process.kill(group, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
