// What a check has at hand: the student's programs as processes, clients and servers, and a seed. All that it
// has opened and started is closed and ended when the check is over.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Reactor } from 'edgewise';
import { Miss } from '../lab.ts';
import { readLedger } from '../ledger/file.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { runSimulated, type SimulatedOptions } from '../simulated/run.ts';
import { isAsleep } from './observe.ts';
import { Peer, type PeerOptions } from './peer.ts';
import { programFile } from './program.ts';
import { randomFrom } from './random.ts';
import { type Exit, Trial } from './trial.ts';
import { Upstream, type UpstreamOptions } from './upstream.ts';

export interface StartOptions {
  /** Besides `--port 0`. */
  readonly args?: readonly string[];
  /** Has its system calls written down, which costs time: never together with a look at CPU. */
  readonly isRecorded?: boolean;
}

export interface RunOptions {
  readonly args?: readonly string[];
  readonly isRecorded?: boolean;
  /** Its standard input. */
  readonly input?: Uint8Array | string;
}

/** What became of a program that ends by itself. */
export interface Ran extends Exit {
  /** The first 64 KB of its standard output. */
  readonly output: string;
  readonly errors: string;
}

export interface ExamOptions {
  /** The student's folder. */
  readonly folder: string;
  readonly seed: number;
  /** Smaller sizes and fewer seeds. */
  readonly isQuick: boolean;
}

// Removed with the grader as well, when a signal ends it in the middle of a check.
const folders = new Set<string>();
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export class Exam {
  readonly folder: string;
  readonly seed: number;
  readonly isQuick: boolean;
  /** From 0 to 1, the same with the same seed. */
  readonly random: () => number;
  /** The system calls of the program that was recorded last. */
  lastLedger: string | undefined;
  readonly #reactor = new Reactor();
  readonly #files = mkdtempSync(join(tmpdir(), 'edgewise-lab-'));
  readonly #trials: Trial[] = [];
  readonly #closables: { close(): void }[] = [];

  constructor({ folder, seed, isQuick }: ExamOptions) {
    this.folder = folder;
    this.seed = seed;
    this.isQuick = isQuick;
    this.random = randomFrom(seed);
    folders.add(this.#files);
    this.#reactor.attach();
  }

  /** Starts a server of the student, and waits until it listens. @throws Miss - it does not. */
  async start(name: string, { args = [], isRecorded = false }: StartOptions = {}): Promise<Trial> {
    const trial = this.begin(name, { args: ['--port', '0', ...args], isRecorded });
    await trial.listening();
    return trial;
  }

  /** Starts a program of the student that ends by itself. */
  begin(name: string, { args = [], isRecorded = false, input }: RunOptions = {}): Trial {
    const file = programFile(this.folder, name);
    const ledgerFile = join(this.#files, `${this.#trials.length}.ledger`);
    if (isRecorded) this.lastLedger = ledgerFile;
    const trial = new Trial(file, {
      args,
      folder: this.folder,
      activity: () => this.#reactor.stats.events,
      ...(isRecorded && { ledgerFile }),
      ...(input !== undefined && { input: Buffer.from(input) }),
    });
    this.#trials.push(trial);
    return trial;
  }

  /** The same, to its end. @throws Miss - it goes on for longer than `seconds`. */
  async run(name: string, options: RunOptions, seconds = 5): Promise<Ran> {
    const trial = this.begin(name, options);
    const exit = await trial.ended(seconds * 1000);
    return { ...exit, output: trial.output.text, errors: trial.errors.text };
  }

  /** A client of a server of the student, connected. @throws Miss - it is refused. */
  async connect(trial: Trial, options: PeerOptions = {}): Promise<Peer> {
    const [peer] = await this.connectMany(trial, 1, options);
    return peer as Peer;
  }

  /** Many at once. */
  async connectMany(trial: Trial, count: number, options: PeerOptions = {}): Promise<Peer[]> {
    const peers = Array.from({ length: count }, () => this.dial(trial.port, options));
    const isDone = (): boolean =>
      peers.every((peer) => peer.isConnected || peer.error !== undefined);
    await trial.until(isDone);
    const connected = peers.filter(({ isConnected }) => isConnected).length;
    if (connected === count) return peers;
    trial.check();
    const [code = 'nothing'] = peers.flatMap(({ error }) => error ?? []);
    throw new Miss(
      'does not start',
      `${count - connected} of ${count} connects were answered by ${code}`,
    );
  }

  /** A client that is not connected yet. */
  dial(port: number, options: PeerOptions = {}): Peer {
    return this.#owned(Peer.connect(this.#reactor, port, options));
  }

  /** A server of the grader. */
  listen(options: UpstreamOptions = {}): Upstream {
    return this.#owned(new Upstream(this.#reactor, options));
  }

  /** Bytes of an answer. @throws Miss - `why`: it sleeps, has ended, or takes too long. */
  async receive(trial: Trial, peer: Peer, count: number, why: string): Promise<Buffer> {
    await trial.until(() => peer.length >= count || peer.hasEnded);
    const bytes = peer.take(count);
    if (bytes !== undefined) return bytes;
    trial.check();
    throw new Miss(why, `${peer.length} of ${count} bytes${stateOf(trial, peer)}`, {
      received: peer.length,
      count,
    });
  }

  /** All that comes until the program ends the connection. @throws Miss - `why`: it does not. */
  async receiveToEnd(trial: Trial, peer: Peer, why: string): Promise<Buffer> {
    const isThere = await trial.until(() => peer.hasEnded);
    const bytes = peer.takeAll();
    if (isThere && peer.error === undefined) return bytes;
    trial.check();
    throw new Miss(why, `${bytes.length} bytes${stateOf(trial, peer)}`, { received: bytes.length });
  }

  /** Runs a function of the lab's simulated.ts over a simulated kernel, in a process of its own. @throws Miss */
  simulate(options: SimulatedOptions): Promise<void> {
    return runSimulated(this.folder, this.#files, this.seed, options);
  }

  /**
   * Calls a function of a lab with the exports of a student's file, in a process of its own, on the kernel
   * that is there. @throws Miss - what it throws; 'crashed', 'hangs'.
   */
  drive(module: URL, name: string, program: string): Promise<void> {
    return this.simulate({ module, name, program, runs: 1 });
  }

  /** What the recorded program has asked of the kernel. */
  get ledger(): Ledger {
    return readLedger(this.lastLedger ?? '');
  }

  /** Ends everything. @throws Miss - programs of the student have left processes behind. */
  async close(): Promise<void> {
    let left = 0;
    for (const closable of this.#closables) closable.close();
    for (const trial of this.#trials) left += await trial.release();
    this.#reactor.close();
    rmSync(this.#files, { recursive: true, force: true });
    folders.delete(this.#files);
    if (left > 0) throw new Miss('leaves processes', `${left} more processes`, { count: left });
  }

  #owned<T extends { close(): void }>(closable: T): T {
    this.#closables.push(closable);
    return closable;
  }
}

function stateOf(trial: Trial, peer: Peer): string {
  if (peer.error !== undefined) return `, then ${peer.error}`;
  if (peer.hasEnded) return ', then the end';
  if (!trial.isRunning) return '; the program has ended';
  return isAsleep(trial.pid) ? '; the program sleeps' : '; the program is busy';
}
