// A program of a student as a process: started, watched, and ended with all that it has started.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { setTimeout as elapsed } from 'node:timers/promises';
import { Miss } from '../lab.ts';
import { readLedger } from '../ledger/file.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { isUnreadable, lastWordsOf } from './exception.ts';
import { Mark } from './mark.ts';
import { canObserve, cpuMs, descriptors, isAsleep, isStopped } from './observe.ts';
import { OUTPUT_MAX, Output } from './output.ts';
import { commandLine, nodeArguments } from './program.ts';

/** How long a program may take to say where it listens, and to end when it is asked to. */
const START_MAX_MS = 10_000;
const END_MAX_MS = 2000;
const LOOK_MS = 20;
/** For what it has printed last; what it has started may hold its output open for ever. */
const LAST_OUTPUT_MS = 200;
/**
 * At so many looks in a row the program slept, and the grader had no event: nothing will come. Looks, and no
 * time: on a loaded machine the grader itself may be late.
 */
const QUIET_LOOKS = 12;
const LOOKS_AFTER_END = 3;
/** The most that a program may go on without an answer. */
const PATIENCE_MS = 8000;
/** The most CPU that it may use without any event at the grader: it goes round and round, and nothing will come. */
const BUSY_MAX_MS = 1500;

export interface TrialOptions {
  /** Its arguments. */
  readonly args: readonly string[];
  /** The file its system calls are written to; without it they are not looked at. */
  readonly ledgerFile?: string;
  /** How much has happened in the grader: while it counts on, something may come of it. */
  readonly activity?: () => number;
  /** Written to its standard input, which then ends. Default: an empty one. */
  readonly input?: Uint8Array;
  readonly folder: string;
}

/** How a process has ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Trial {
  readonly file: string;
  readonly output: Output;
  readonly errors: Output;
  readonly exit: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #options: TrialOptions;
  readonly #mark = new Mark();
  #exit: Exit | undefined;
  #isFlooding = false;
  #isEnding = false;
  #port = 0;
  readonly #listeners = new Set<() => void>();

  constructor(file: string, options: TrialOptions) {
    this.file = file;
    this.#options = options;
    const { args, ledgerFile, folder, input } = options;
    const words = nodeArguments(file, args, ledgerFile !== undefined);
    this.#child = spawn(process.execPath, words, {
      cwd: folder,
      detached: true, // a process group of its own
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      env: {
        ...process.env,
        ...this.#mark.env,
        EDGEWISE_LEDGER: ledgerFile ?? '',
        NO_COLOR: '1',
      },
    });
    this.#mark.pid = this.#child.pid;
    const report = (): void => {
      for (const listener of this.#listeners) listener();
    };
    const flood = (): void => {
      this.#isFlooding = true;
      this.#mark.signal('SIGKILL');
    };
    this.output = new Output(this.#child.stdout as Readable, report, flood);
    this.errors = new Output(this.#child.stderr as Readable, report, flood);
    this.#child.stdin?.on('error', () => undefined); // it has ended without reading all
    this.#child.stdin?.end(input);
    this.exit = new Promise((resolve, reject) => {
      this.#child.on('error', reject);
      this.#child.on('exit', (code, signal) => {
        const end = (): void => {
          clearTimeout(timer);
          this.#exit = { code, signal };
          resolve(this.#exit);
          report();
        };
        const timer = setTimeout(end, LAST_OUTPUT_MS);
        this.#child.on('close', end);
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Where it listens. */
  get port(): number {
    return this.#port;
  }

  get isRunning(): boolean {
    return this.#exit === undefined;
  }

  /** Its system calls so far. */
  get ledger(): Ledger {
    return readLedger(this.#options.ledgerFile ?? '');
  }

  /** CPU time that it has used so far. */
  get cpuMs(): number {
    return cpuMs(this.pid);
  }

  /** Resolves when it has printed where it listens. @throws Miss - it does not. */
  async listening(): Promise<void> {
    const portOf = (): number => {
      const [, port] = /^listening on .*:(\d+)$/m.exec(this.output.text) ?? [];
      return Number(port ?? 0);
    };
    const isThere = await this.#until(() => portOf() > 0, START_MAX_MS);
    this.check();
    if (!isThere) {
      const said =
        this.output.text === ''
          ? 'it has printed nothing'
          : `it has printed: ${this.output.lastLines(2)}`;
      throw new Miss('does not start', said);
    }
    this.#port = portOf();
  }

  /** Waits for something that the program brings about; false: it sleeps, and nothing can come of it any more. */
  async until(isSo: () => boolean): Promise<boolean> {
    const begin = performance.now();
    let quiet = 0;
    let events = -1;
    let cpuMs = 0;
    let cpuMsAtEvent = 0;
    let looksAfterEnd = 0;
    while (!isSo()) {
      // What it has sent last may still be on its way here.
      if (!this.isRunning && ++looksAfterEnd > LOOKS_AFTER_END) break;
      await elapsed(LOOK_MS);
      if (performance.now() - begin > PATIENCE_MS) break;
      if (!canObserve) continue;
      const before = { events, cpuMs };
      events = this.#options.activity?.() ?? 0;
      cpuMs = this.cpuMs;
      if (events !== before.events) {
        cpuMsAtEvent = cpuMs;
        looksAfterEnd = 0;
      }
      const isQuiet = events === before.events && cpuMs === before.cpuMs && isAsleep(this.pid);
      quiet = isQuiet ? quiet + 1 : 0;
      if (quiet > QUIET_LOOKS || cpuMs - cpuMsAtEvent > BUSY_MAX_MS) break;
    }
    return isSo();
  }

  /** @throws Miss - it has ended by itself, or was ended for what it prints. */
  check(): void {
    if (this.#isFlooding)
      throw new Miss('prints too much', 'more than a megabyte of output', {
        limit: OUTPUT_MAX / 1024,
      });
    if (this.#exit === undefined || this.#isEnding) return;
    const { code, signal } = this.#exit;
    const how =
      signal === null ? `it has ended with exit code ${code}` : `it was ended by ${signal}`;
    const { args, folder } = this.#options;
    const said = lastWordsOf(this.errors.text, 6, folder);
    const why = isUnreadable(this.errors.text, folder) ? 'does not compile' : 'crashed';
    const command = commandLine(this.file, args);
    throw new Miss(why, said === '' ? how : `${how}; it printed:\n${said}`, { command });
  }

  /** Stops it meanwhile: all that is done then is there at once when it goes on. */
  async frozen(during: () => Promise<void> | void): Promise<void> {
    this.#mark.signal('SIGSTOP');
    while (canObserve && !isStopped(this.pid)) await elapsed(1);
    try {
      await during();
    } finally {
      this.#mark.signal('SIGCONT');
    }
  }

  /** It gets no descriptor with this number or a larger one from here on. prlimit(1). */
  limitDescriptors(max: number): void {
    execFileSync('prlimit', ['--pid', String(this.pid), `--nofile=${max}`]);
  }

  /** It gets so many descriptors more, and then none. */
  leaveDescriptors(count: number): void {
    const used = descriptors(this.pid);
    let max = 0;
    for (let free = 0; free < count; max++) if (!used.has(max)) free++;
    this.limitDescriptors(max);
  }

  /** Sends a signal, and waits for its end. @throws Miss - it does not end. */
  async end(signal: NodeJS.Signals = 'SIGTERM', ms = END_MAX_MS): Promise<Exit> {
    this.#isEnding = true;
    this.#mark.look();
    this.#child.kill(signal);
    return await this.ended(ms);
  }

  /** Waits for its end. @throws Miss - it goes on. */
  async ended(ms: number): Promise<Exit> {
    await this.#until(() => !this.isRunning, ms);
    if (this.#exit === undefined) {
      throw new Miss('hangs', `it still runs after ${ms / 1000} s`, { seconds: ms / 1000 });
    }
    return this.#exit;
  }

  /** Ends it and all that it has started, by force. @returns how many other processes there were. */
  async release(): Promise<number> {
    this.#isEnding = true;
    this.#mark.signal('SIGTERM');
    await this.#until(() => !this.isRunning, END_MAX_MS);
    const left = await this.#mark.release();
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
    await this.exit;
    return left;
  }

  #until(isSo: () => boolean, ms: number): Promise<boolean> {
    if (isSo() || !this.isRunning) return Promise.resolve(isSo());
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#listeners.delete(look);
        resolve(isSo());
      };
      const look = (): void => {
        if (isSo() || !this.isRunning) end();
      };
      const timer = setTimeout(end, ms);
      this.#listeners.add(look);
    });
  }
}
