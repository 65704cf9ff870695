// The processes that a measurement starts, and the promise that none of them outlives it: not
// after an error, not after Ctrl-C, not after process.exit(). Only what was started here is ended.
import { type ChildProcess, type Serializable, spawn } from 'node:child_process';
import { once } from 'node:events';

const START_MS_MAX = 20_000;
const STOP_MS_MAX = 2_000;
const OUTPUT_LENGTH_MAX = 1_000_000;

/** A program to start. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** How a program is started. */
export interface StartOptions {
  /** Pins the program to this CPU, by `taskset`; absent: the scheduler's choice. */
  readonly cpu?: number | undefined;
  /** With a channel for messages, as `child_process.fork` makes it: see {@link Child.ask}. */
  readonly hasChannel?: boolean;
}

type Stream = 'stdout' | 'stderr';

/** A program that runs, or has ended. */
export class Child {
  readonly pid: number;
  /** Resolves to its exit code, null after a signal. */
  readonly ended: Promise<number | null>;
  /** What it has printed so far; of a long output the end. */
  readonly output: Record<Stream, string> = { stdout: '', stderr: '' };
  readonly #process: ChildProcess;
  /** How much of the output {@link match} has consumed. */
  readonly #matched = { stdout: 0, stderr: 0 };
  readonly #waiting = new Set<() => void>();
  #hasEnded = false;

  /** @param child - has been spawned, with pipes for its input and its output. */
  constructor(child: ChildProcess) {
    this.#process = child;
    this.pid = child.pid ?? 0; // it has been spawned, so there is one
    this.ended = once(child, 'close').then(([code]) => {
      this.#hasEnded = true;
      this.#wake();
      return code;
    });
    this.#collect('stdout');
    this.#collect('stderr');
    child.stdin?.on('error', () => this.#wake()); // it has gone: `ended` resolves
  }

  #collect(stream: Stream): void {
    this.#process[stream]?.setEncoding('utf8').on('data', (text: string) => {
      const whole = this.output[stream] + text;
      this.output[stream] = whole.slice(-OUTPUT_LENGTH_MAX);
      const dropped = whole.length - this.output[stream].length;
      this.#matched[stream] = Math.max(0, this.#matched[stream] - dropped);
      this.#wake();
    });
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const each of waiting) each();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => void this.#waiting.add(resolve));
  }

  /** Writes a line to its standard input. */
  writeLine(line: string): void {
    this.#process.stdin?.write(`${line}\n`);
  }

  /** Closes its standard input. */
  endInput(): void {
    this.#process.stdin?.end();
  }

  /**
   * The next match in its standard output; what is before it, is not looked at again.
   *
   * @param signal - gives up waiting; its reason is thrown.
   * @param msMax - milliseconds to wait, > 0.
   * @throws Error - it ended, or printed no match within the time.
   */
  match(pattern: RegExp, signal?: AbortSignal, msMax = START_MS_MAX): Promise<RegExpExecArray> {
    return this.#find('stdout', pattern, signal, msMax);
  }

  /** The same for its standard error. */
  matchError(pattern: RegExp, signal?: AbortSignal): Promise<RegExpExecArray> {
    return this.#find('stderr', pattern, signal, START_MS_MAX);
  }

  async #find(
    stream: Stream,
    pattern: RegExp,
    signal: AbortSignal | undefined,
    msMax: number,
  ): Promise<RegExpExecArray> {
    using limit = new Limit(signal, msMax, () => this.#wake());
    for (;;) {
      const text = this.output[stream].slice(this.#matched[stream]);
      const found = pattern.exec(text);
      if (found !== null) {
        this.#matched[stream] += found.index + found[0].length;
        return found;
      }
      signal?.throwIfAborted();
      if (this.#hasEnded) throw new Error(`it ended: ${this.lastLine()}`);
      if (limit.isOver) throw new Error(`no answer within ${msMax / 1000} s`);
      await this.#change();
    }
  }

  /**
   * Sends it a message on its channel, and waits for the next one that comes back.
   *
   * @throws Error - it ended, or has not answered within the time.
   */
  async ask(
    message: Serializable,
    signal?: AbortSignal,
    msMax = START_MS_MAX,
  ): Promise<Serializable> {
    using limit = new Limit(signal, msMax, () => this.#wake());
    let answer: Serializable | undefined;
    const onMessage = (received: Serializable) => {
      answer = received;
      this.#wake();
    };
    this.#process.once('message', onMessage);
    this.#process.send(message, () => undefined); // it has gone: `ended` resolves
    try {
      while (answer === undefined) {
        signal?.throwIfAborted();
        if (this.#hasEnded) throw new Error(`it ended: ${this.lastLine()}`);
        if (limit.isOver) throw new Error(`no answer within ${msMax / 1000} s`);
        await this.#change();
      }
      return answer;
    } finally {
      this.#process.off('message', onMessage);
    }
  }

  /**
   * Waits for its end.
   *
   * @param msMax - milliseconds, > 0; after them it is killed.
   * @returns the part of its standard output that no match has consumed.
   * @throws Error - it failed, took longer than the time, or the signal was aborted.
   */
  async finish(signal: AbortSignal | undefined, msMax: number): Promise<string> {
    using limit = new Limit(signal, msMax, () => this.kill('SIGKILL'));
    if (limit.isOver) this.kill('SIGKILL');
    await this.ended;
    signal?.throwIfAborted();
    if (limit.isOver) throw new Error(`it took longer than ${msMax / 1000} s`);
    if (this.#process.exitCode !== 0) throw new Error(`it ended: ${this.lastLine()}`);
    return this.output.stdout.slice(this.#matched.stdout);
  }

  /** The last line that it printed as an error, or how it ended. */
  lastLine(): string {
    const { exitCode, signalCode } = this.#process;
    const line = this.output.stderr.trim().split('\n').filter(isReason).at(-1)?.trim();
    return line || (signalCode ?? `exit code ${exitCode}`);
  }

  /** Sends SIGTERM, after two seconds SIGKILL, and resolves when it has ended. */
  async stop(): Promise<void> {
    if (this.#hasEnded) return;
    const timer = setTimeout(() => this.kill('SIGKILL'), STOP_MS_MAX);
    this.kill('SIGTERM');
    await this.ended;
    clearTimeout(timer);
  }

  /** Sends a signal. */
  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }
}

/** A time limit and an abort signal, as one; disposing it stops the clock. */
class Limit {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = () => this.#controller.abort();

  constructor(signal: AbortSignal | undefined, msMax: number, onOver: () => void) {
    this.#controller.signal.addEventListener('abort', onOver);
    this.#timer = setTimeout(this.#onAbort, msMax);
    this.#signal = signal;
    signal?.addEventListener('abort', this.#onAbort);
    if (signal?.aborted) this.#controller.abort();
  }

  get isOver(): boolean {
    return this.#controller.signal.aborted;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}

// Node ends its reports with its version.
function isReason(line: string): boolean {
  return line.trim() !== '' && !/^(Node\.js v|\s+at )/.test(line);
}

/** Starts children, and ends all of them when it is disposed or this process ends. */
export class Children {
  readonly #running = new Set<Child>();
  readonly #exitsOnSignal: boolean;
  readonly #onExit = () => {
    for (const child of this.#running) child.kill('SIGKILL');
  };
  // 'exit' listeners do not run for a signal's default action, so the signals end us by exit().
  readonly #onInterrupt = () => process.exit(130);
  readonly #onTerminate = () => process.exit(143);

  /**
   * @param options.exitsOnSignal - whether SIGINT and SIGTERM end this process, with exit code 130
   * and 143; false: the caller handles them. Default true.
   */
  constructor({ exitsOnSignal = true }: { readonly exitsOnSignal?: boolean } = {}) {
    this.#exitsOnSignal = exitsOnSignal;
    process.on('exit', this.#onExit);
    if (!exitsOnSignal) return;
    process.on('SIGINT', this.#onInterrupt);
    process.on('SIGTERM', this.#onTerminate);
  }

  /**
   * Starts a program with pipes for its input and its output.
   *
   * @throws Error - with Node's `code` (`ENOENT`, `EACCES`), when it cannot be started.
   */
  async start({ file, args, env }: Command, options: StartOptions = {}): Promise<Child> {
    const { cpu, hasChannel = false } = options;
    const [name, words] =
      cpu === undefined ? [file, args] : ['taskset', ['-c', String(cpu), file, ...args]];
    const started = spawn(name, words, {
      stdio: ['pipe', 'pipe', 'pipe', ...(hasChannel ? (['ipc'] as const) : [])],
      env: { ...process.env, ...env },
    });
    await once(started, 'spawn');
    const child = new Child(started);
    this.#running.add(child);
    child.ended.then(() => this.#running.delete(child));
    return child;
  }

  /** The processes that still run. */
  get pids(): number[] {
    return [...this.#running].map(({ pid }) => pid);
  }

  /** Ends every child that still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running].map((child) => child.stop()));
    process.off('exit', this.#onExit);
    if (!this.#exitsOnSignal) return;
    process.off('SIGINT', this.#onInterrupt);
    process.off('SIGTERM', this.#onTerminate);
  }
}
