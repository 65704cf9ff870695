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
import { Network } from './network.ts';
import type { OpenFile } from './open-file.ts';
import { type KernelOptions, type KernelSettings, settingsOf } from './options.ts';
import type { SimPoller } from './poller.ts';
import type { SignalTarget } from './signals.ts';
import { Socket } from './socket.ts';
import { DescriptorTable } from './table.ts';
import type { Tape } from './tape.ts';
import { Transfers } from './transfers.ts';
import { Wakers } from './wakers.ts';

/** All that a program can reach of a simulated kernel. */
export class Machine {
  readonly clock = new Clock();
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
  readonly files: FileCalls;
  /** Is called at each call of the program. */
  onCall: () => void = () => undefined;
  /** Calls of the program so far. */
  callCount = 0;
  /** The same by name. */
  readonly callCounts = new Map<string, number>();

  constructor(native: Native, options: KernelOptions = {}) {
    this.native = native;
    this.files = new FileCalls(this, native);
    this.settings = settingsOf(options);
    const { tape, calls, links, descriptorsMax, buffers } = this.settings;
    this.tape = tape;
    this.faults = new Faults(tape, calls);
    this.table = new DescriptorTable(descriptorsMax);
    this.network = new Network({ native, clock: this.clock, tape, faults: links, sizes: buffers });
  }

  /** Bytes that can be read from a descriptor; 0 where it is none of a stream. */
  unreadOf(fd: number): number {
    const file = this.table.fileOf(fd);
    return file instanceof Socket ? (file.stream?.unread ?? 0) : 0;
  }

  /** Counts a call. */
  note(call: string): void {
    this.callCount++;
    this.onCall();
    this.callCounts.set(call, (this.callCounts.get(call) ?? 0) + 1);
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
