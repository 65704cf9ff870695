// The processes that a measurement starts, and the promise that none of them outlives it: not
// after an error, not after Ctrl-C, not after process.exit(). Only what was started here is ended.
import { type ChildProcess, spawn } from 'node:child_process';

const STOP_MS_MAX = 2_000;
const OUTPUT_LENGTH_MAX = 1_000_000;

/** A child that runs, or has ended. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  /** What it has printed so far on standard output and standard error. */
  readonly output: { readonly stdout: string; readonly stderr: string };
  /** Resolves to its exit code, null after a signal. */
  readonly ended: Promise<number | null>;
  /** Called with each new piece of standard output, after `output` has it. */
  onOutput: (() => void) | undefined;
  /** Sends SIGTERM, after two seconds SIGKILL, and resolves when the child has ended. */
  stop(): Promise<void>;
}

/** Starts children, and ends all of them when it is disposed or this process ends. */
export class Children {
  readonly #running = new Set<ChildProcess>();
  readonly #onExit = () => {
    for (const child of this.#running) child.kill('SIGKILL');
  };
  // 'exit' listeners do not run for a signal's default action, so the signals end us by exit().
  readonly #onInterrupt = () => process.exit(130);
  readonly #onTerminate = () => process.exit(143);

  constructor() {
    process.on('exit', this.#onExit);
    process.on('SIGINT', this.#onInterrupt);
    process.on('SIGTERM', this.#onTerminate);
  }

  /**
   * Starts a program with pipes for its output and nothing for its input.
   *
   * @throws Error - with Node's `code` (`ENOENT`, `EACCES`), when it cannot be started.
   */
  async start(name: string, command: string, args: readonly string[]): Promise<Child> {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = new Promise<number | null>((resolve) => {
      child.once('close', (code) => {
        this.#running.delete(child);
        resolve(code);
      });
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    this.#running.add(child);
    return watch(name, child, ended);
  }

  /** Ends every child that still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running].map((child) => end(child)));
    process.off('exit', this.#onExit);
    process.off('SIGINT', this.#onInterrupt);
    process.off('SIGTERM', this.#onTerminate);
  }
}

function watch(name: string, child: ChildProcess, ended: Promise<number | null>): Child {
  const output = { stdout: '', stderr: '' };
  const result: Child = {
    name,
    pid: child.pid ?? 0, // it has been spawned, so there is one
    output,
    ended,
    onOutput: undefined,
    stop: () => end(child),
  };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (text: string) => {
      if (output[stream].length < OUTPUT_LENGTH_MAX) output[stream] += text;
      result.onOutput?.();
    });
  }
  return result;
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill('SIGTERM');
  });
}
