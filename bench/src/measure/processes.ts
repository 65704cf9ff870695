// The processes of a run, and the promise that none outlives it: not after an error, not after
// Ctrl-C. Only what was started here is ended.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { Command } from '../model.ts';

const START_MS_MAX = 20_000;
const STOP_MS_MAX = 2_000;
const OUTPUT_LENGTH_MAX = 1_000_000;

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** One started program. */
export class Program {
  readonly pid: number;
  readonly ended: Promise<void>;
  readonly #child: Child;
  readonly #output = { unread: '', errors: '' };
  #hasEnded = false;
  #onChange: (() => void) | undefined;

  constructor(child: Child) {
    this.#child = child;
    this.pid = child.pid ?? 0; // it has been spawned, so there is one
    this.ended = once(child, 'close').then(() => {
      this.#hasEnded = true;
      this.#onChange?.();
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#output.unread = (this.#output.unread + text).slice(-OUTPUT_LENGTH_MAX);
      this.#onChange?.();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#output.errors = (this.#output.errors + text).slice(-OUTPUT_LENGTH_MAX);
      this.#onChange?.();
    });
    child.stdin.on('error', () => this.#onChange?.()); // it has gone: `ended` tells
  }

  /** Writes a line to its standard input. */
  tell(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /**
   * The next match in its output, of which what came before is forgotten.
   *
   * @throws Error - it ended, printed no match within the time, or the signal was aborted.
   */
  match(pattern: RegExp, signal: AbortSignal, msMax = START_MS_MAX): Promise<RegExpExecArray> {
    return this.#find('unread', pattern, signal, msMax);
  }

  /** The same for its standard error. */
  matchError(pattern: RegExp, signal: AbortSignal): Promise<RegExpExecArray> {
    return this.#find('errors', pattern, signal, START_MS_MAX);
  }

  async #find(
    stream: 'unread' | 'errors',
    pattern: RegExp,
    signal: AbortSignal,
    msMax: number,
  ): Promise<RegExpExecArray> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(msMax)]);
    limit.addEventListener('abort', () => this.#onChange?.());
    for (;;) {
      const text = this.#output[stream];
      const found = pattern.exec(text);
      if (found !== null) {
        this.#output[stream] = text.slice(found.index + found[0].length);
        return found;
      }
      signal.throwIfAborted();
      if (this.#hasEnded) throw new Error(`it ended: ${this.lastWords()}`);
      if (limit.aborted) throw new Error(`no answer within ${msMax / 1000} s`);
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
      });
    }
  }

  /**
   * Waits for its end, and gives what it printed and nobody has matched.
   *
   * @throws Error - it failed, took longer than the time, or the signal was aborted.
   */
  async finish(signal: AbortSignal, msMax: number): Promise<string> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(msMax)]);
    limit.addEventListener('abort', () => this.kill('SIGKILL'));
    if (limit.aborted) this.kill('SIGKILL');
    await this.ended;
    signal.throwIfAborted();
    if (limit.aborted) throw new Error(`it took longer than ${msMax / 1000} s`);
    if (this.#child.exitCode !== 0) throw new Error(`it ended: ${this.lastWords()}`);
    return this.#output.unread;
  }

  /** The last line that it printed as an error, or how it ended. */
  lastWords(): string {
    const { exitCode, signalCode } = this.#child;
    const line = this.#output.errors.trim().split('\n').filter(isTelling).at(-1)?.trim();
    return line || (signalCode ?? `exit code ${exitCode}`);
  }

  /** Sends SIGTERM, after two seconds SIGKILL, and waits for its end. */
  async stop(): Promise<void> {
    if (this.#hasEnded) return;
    const timer = setTimeout(() => this.kill('SIGKILL'), STOP_MS_MAX);
    this.kill('SIGTERM');
    await this.ended;
    clearTimeout(timer);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

// Node ends its reports with its version.
function isTelling(line: string): boolean {
  return line.trim() !== '' && !/^(Node\.js v|\s+at )/.test(line);
}

/** Starts programs, and ends all of them when it is disposed or this process ends. */
export class Processes {
  readonly #running = new Set<Program>();
  readonly #onExit = () => {
    for (const program of this.#running) program.kill('SIGKILL');
  };

  constructor() {
    process.on('exit', this.#onExit);
  }

  /**
   * @param cpu - pins the program to this CPU; undefined: the scheduler's choice.
   * @throws Error - with Node's `code` (`ENOENT`, `EACCES`), when it cannot be started.
   */
  async start({ file, args, env }: Command, cpu?: number): Promise<Program> {
    const [name, words] =
      cpu === undefined ? [file, args] : ['taskset', ['-c', String(cpu), file, ...args]];
    const child: Child = spawn(name, words, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    await once(child, 'spawn');
    const program = new Program(child);
    this.#running.add(program);
    program.ended.then(() => this.#running.delete(program));
    return program;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running].map((program) => program.stop()));
    process.off('exit', this.#onExit);
  }
}
