// The two kernels that are compared, behind the same functions: the real one, and a simulated machine without
// faults. A real kernel takes a moment for what goes over loopback, so it is waited for, by events.
import type { KernelBelow } from '../../../../src/kernel.ts';
import { type Native, type NativePoller, native } from '../../../../src/native.ts';
import { BACKENDS } from '../../../../src/poller/interest.ts';
import { PollerMemory, RECORDS_AT, WORDS_PER_RECORD } from '../../../../src/poller/records.ts';
import { constants } from '../../../../src/sys/constants.ts';
import { kernelPartOf } from '../../../../src/testing/kernel/addon.ts';
import { Machine } from '../../../../src/testing/kernel/machine.ts';

const { EPOLLIN, EPOLLOUT, EPOLLPRI, EPOLLRDHUP, EPOLLET } = constants;
const { EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CLOEXEC } = constants;
const ALL = EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP;
const CAPACITY = 64;
const RECORD_BYTES = 16;
const ON_THE_WAY_NS = 1e8;

/** What a wait reports: readiness by slot. */
export type Reports = Map<number, number>;

/** A poller of one of the kernels. */
class Watched {
  readonly handle: NativePoller;
  readonly #memory = new PollerMemory(CAPACITY);

  constructor(kernel: Pick<Native, 'NativePoller'>) {
    this.handle = new kernel.NativePoller();
    this.handle.open(BACKENDS.indexOf('epoll'), this.#memory.block);
    native.unpin(this.#memory.block);
  }

  /** Those that are ready now. */
  wait(): Reports {
    const reports: Reports = new Map();
    const count = this.handle.wait(0);
    const { words } = this.#memory;
    for (let index = 0; index < count; index++) {
      const at = RECORDS_AT + index * WORDS_PER_RECORD;
      reports.set(words[at] as number, words[at + 2] as number);
    }
    return reports;
  }
}

/** One of the two kernels. */
export interface Side {
  readonly kernel: Native;
  readonly poller: Watched;
}

/** The real kernel, with a look at what poll(2) would say of each descriptor. */
export class RealSide implements Side {
  readonly kernel: Native = native;
  readonly poller = new Watched(native);
  readonly #states = native.epoll_create1(EPOLL_CLOEXEC);
  /** For a wait until something happens. */
  readonly #edges = native.epoll_create1(EPOLL_CLOEXEC);
  readonly #records = new Uint8Array(CAPACITY * RECORD_BYTES);

  watch(fd: number): void {
    native.epoll_ctl(this.#states, EPOLL_CTL_ADD, fd, ALL, fd);
    native.epoll_ctl(this.#edges, EPOLL_CTL_ADD, fd, (ALL | EPOLLET) >>> 0, fd);
  }

  unwatch(fd: number): void {
    native.epoll_ctl(this.#states, EPOLL_CTL_DEL, fd, 0, 0);
    native.epoll_ctl(this.#edges, EPOLL_CTL_DEL, fd, 0, 0);
  }

  /** The bits of poll(2) by descriptor. */
  states(): Map<number, number> {
    const count = native.epoll_wait(this.#states, this.#records, CAPACITY, 0);
    const view = new DataView(this.#records.buffer);
    return new Map(
      Array.from({ length: Math.max(count, 0) }, (_, index) => [
        view.getFloat64(index * RECORD_BYTES + 8, true),
        view.getUint32(index * RECORD_BYTES, true),
      ]),
    );
  }

  /** Waits until something has happened, a moment at most. */
  rest(): void {
    native.epoll_wait(this.#edges, this.#records, CAPACITY, 5);
  }

  close(): void {
    this.poller.handle.close();
    native.close(this.#states);
    native.close(this.#edges);
  }
}

/** The simulated one. */
export class SimulatedSide implements Side {
  readonly machine: Machine;
  readonly kernel: Native;
  readonly poller: Watched;

  constructor(make: (native: Native) => Machine = (below) => new Machine(below)) {
    this.machine = make(native);
    this.kernel = kernelPartOf(this.machine, native as unknown as KernelBelow) as Native;
    this.poller = new Watched(this.kernel);
  }

  /** The bits of poll(2). */
  stateOf(fd: number): number {
    return this.machine.table.fileOf(fd)?.poll() ?? 0;
  }

  /** What is on its way arrives; what is tried again after a while does not happen yet. */
  settle(): void {
    const { clock } = this.machine;
    const untilNs = clock.nowNs + ON_THE_WAY_NS;
    do clock.advanceTo(Math.max(clock.nowNs, clock.nextNs <= untilNs ? clock.nextNs : 0));
    while (clock.nextNs <= untilNs);
  }
}
