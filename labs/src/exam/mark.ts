// The processes of one trial: the program, and all that it has started. They are known by a variable of their
// environment, or by their parents, and are ended with the check, or with the grader.
import { setTimeout as elapsed } from 'node:timers/promises';
import { descendantsOf, isSameProcess, type ProcessId, processesWith } from './observe.ts';

/** How long what a program has started may go on after it, on its own way to an end. */
const GRACE_MS = 500;
const LOOK_MS = 20;

const open = new Set<Mark>();
let marks = 0;

export class Mark {
  /** To be added to the program's environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly #variable: string;
  #pid = 0;
  #known: readonly ProcessId[] = [];

  constructor() {
    const name = 'EDGEWISE_LAB_TRIAL';
    const value = `${process.pid}.${++marks}`;
    this.env = { [name]: value };
    this.#variable = `${name}=${value}`;
    if (marks === 1) process.on('exit', endAll);
    open.add(this);
  }

  /** The program runs, in a process group of its own. */
  set pid(pid: number | undefined) {
    this.#pid = pid ?? 0;
  }

  /** To be called before the program ends: what has another environment is known by its parent, while that runs. */
  look(): void {
    this.#known = [...this.#known, ...descendantsOf(this.#pid)];
  }

  /** Sends a signal to the program, and to what it has started in its group. */
  signal(signal: NodeJS.Signals): void {
    this.look();
    this.#signalGroup(signal);
  }

  /** Ends what goes on after the program. @returns how many processes there were. */
  async release(): Promise<number> {
    const begin = performance.now();
    while (this.#left().length > 0 && performance.now() - begin < GRACE_MS) await elapsed(LOOK_MS);
    return this.kill();
  }

  /** Ends all of it at once. @returns how many processes there were besides the program. */
  kill(): number {
    const left = this.#left();
    this.#signalGroup('SIGKILL');
    for (const pid of left) killQuietly(pid, 'SIGKILL');
    open.delete(this);
    return left.length;
  }

  #left(): number[] {
    const known = this.#known.filter(isSameProcess).map(({ pid }) => pid);
    const all = new Set([...processesWith(this.#variable), ...known]);
    all.delete(this.#pid);
    return [...all];
  }

  #signalGroup(signal: NodeJS.Signals): void {
    if (this.#pid > 0) killQuietly(-this.#pid, signal);
  }
}

function endAll(): void {
  for (const mark of open) mark.kill();
}

function killQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it has ended
  }
}
