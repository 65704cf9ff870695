// A simulated machine: its clock, its descriptors, its network and its pollers. It is moved by the calls of the
// program and by time, which passes only where something waits for it.
import { EdgewiseError } from '../../errors.ts';
import type { Native } from '../../native.ts';
import { Batches } from './batches.ts';
import { Calls } from './calls.ts';
import { Clock } from './clock.ts';
import type { SimDriver } from './driver.ts';
import { Faults } from './faults.ts';
import { FileCalls } from './file-calls.ts';
import { Hosts } from './hosts.ts';
import { Journal } from './journal.ts';
import { Network } from './network.ts';
import type { OpenFile } from './open-file.ts';
import { type KernelOptions, type KernelSettings, settingsOf } from './options.ts';
import type { SimPoller } from './poller.ts';
import type { SignalTarget } from './signals.ts';
import { DescriptorTable } from './table.ts';
import type { Tape } from './tape.ts';
import { Transfers } from './transfers.ts';
import { Waits } from './waits.ts';
import { Wakers } from './wakers.ts';

/** Calls that do something also when they fail. */
const FAILS_ITSELF: ReadonlySet<string> = new Set(['accept4', 'close']);

/** All that a program can reach of a simulated kernel. */
export class Machine {
  readonly clock: Clock;
  readonly journal: Journal = new Journal(() => this.clock.elapsedNs);
  readonly tape: Tape;
  readonly faults: Faults;
  readonly table: DescriptorTable;
  readonly network: Network;
  readonly settings: KernelSettings;
  /** The addon, for what enters no kernel: addresses, constants. */
  readonly native: Native;
  /** Pollers that are open. */
  readonly pollers = new Set<SimPoller>();
  /** Reactors inside the loop. */
  readonly drivers = new Set<SimDriver>();
  /** Those that wait for signals. */
  readonly signals = new Set<SignalTarget>();
  readonly hosts = new Hosts();
  readonly wakers = new Wakers();
  /** The system calls. */
  readonly calls = new Calls(this);
  readonly transfers = new Transfers(this);
  readonly batches = new Batches(this);
  readonly waits = new Waits(this);
  readonly files: FileCalls;
  /** Is called at each call of the program. */
  onCall: () => void = () => undefined;
  /** Calls of the program so far. */
  callCount = 0;
  /** The same by name. */
  readonly callCounts = new Map<string, number>();

  constructor(native: Native, options: KernelOptions = {}, clock: Clock = new Clock()) {
    this.clock = clock;
    this.native = native;
    this.files = new FileCalls(this, native);
    this.settings = settingsOf(options);
    const { tape, calls, links, descriptorsMax, buffers } = this.settings;
    this.tape = tape;
    this.faults = new Faults(tape, calls, this.journal);
    this.table = new DescriptorTable(descriptorsMax);
    const { journal } = this;
    this.network = new Network({ native, clock, tape, journal, faults: links, sizes: buffers });
  }

  /** Bytes that can be read from a descriptor; 0 where it is none of a stream. */
  unreadOf(fd: number): number {
    return this.table.fileOf(fd)?.unread?.() ?? 0;
  }

  /**
   * The program makes a call.
   *
   * @param call - as in `edgewise/sys`.
   * @param asked - bytes that it asks for; -1: none, or not known.
   * @returns what `make` returns, or what a test has asked it to fail with.
   */
  perform(call: string, fd: number, asked: number, make: () => number): number {
    this.callCount++;
    this.onCall();
    this.callCounts.set(call, (this.callCounts.get(call) ?? 0) + 1);
    const entry = this.journal.begin(call, fd, this.table.fileOf(fd), asked);
    const errno = FAILS_ITSELF.has(call) ? 0 : this.faults.askedErrnoOf(call, fd);
    return this.journal.end(entry, errno === 0 ? make() : -errno);
  }

  /** A call on a descriptor without O_NONBLOCK waits, and time passes. */
  block(file: OpenFile, isDone: () => boolean): void {
    if (!file.isNonBlocking) this.waitUntil(isDone, Number.POSITIVE_INFINITY);
  }

  /**
   * Lets time pass until `isDone`, or until a time.
   *
   * @param deadlineNs - of the clock; Infinity: never.
   * @throws EdgewiseError - ERR_SIM_DEADLOCK: nothing can come any more.
   */
  waitUntil(isDone: () => boolean, deadlineNs: number): void {
    this.clock.advanceTo(this.clock.nowNs);
    while (!isDone() && this.clock.nowNs < deadlineNs) {
      const nextNs = Math.min(this.clock.nextNs, deadlineNs);
      if (nextNs === Number.POSITIVE_INFINITY) {
        throw new EdgewiseError('ERR_SIM_DEADLOCK', 'it waits, and nothing can come any more');
      }
      this.clock.advanceTo(nextNs);
    }
  }
}
