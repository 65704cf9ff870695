// A poller of the simulated machine, with the face of native/addon/poller_wrap.h: it fills the memory that
// TypeScript reads, and a wait that would block lets the time of the machine pass.
import { constants } from 'node:os';
import { pinnedMemory } from '../../native.ts';
import {
  BACKENDS,
  Head,
  RECORDS_AT,
  SIGNAL_NOTIFIED,
  SIGNALS_AT,
  WORDS_PER_RECORD,
} from '../../poller/index.ts';
import { REFUSED } from '../../validate.ts';
import { InterestSet, type Pretended } from './interest-set.ts';
import type { Machine } from './machine.ts';
import { NumberSet } from './number-set.ts';
import { FIRST_FD } from './table.ts';

const { EBADF, ENOENT, ENOTSUP } = constants.errno;
const NS_PER_MS = 1e6;
/** A number for what has none here. */
const NO_DESCRIPTOR = 2 ** 30;

/** One poller. */
export class SimPoller {
  readonly #machine: Machine;
  #set: InterestSet | NumberSet;
  #head = new Float64Array();
  #words = new Uint32Array();
  #isNotified = false;
  #isOpen = false;
  #deadlineNs = 0;

  constructor(machine: Machine) {
    this.#machine = machine;
    this.#set = new InterestSet(machine.table, machine.settings.edges);
  }

  /** Whether a value is a simulated poller, and not only made from one. */
  static isOne(value: unknown): value is SimPoller {
    return typeof value === 'object' && value !== null && #machine in value;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** When it wants to be called although nothing has happened, of the clock. */
  get plannedNs(): number {
    return this.#head[Head.DeadlineNs] ?? Number.POSITIVE_INFINITY;
  }

  /** Whether a wait would end at once. */
  get isReady(): boolean {
    if (this.#isNotified || this.#set.isReady) return true;
    return this.plannedNs <= this.#machine.clock.nowNs;
  }

  open(backend: number, block: number): number {
    const memory = pinnedMemory(block);
    if (memory === undefined) return REFUSED;
    const name = BACKENDS[backend];
    if (name === 'poll' || name === 'select') {
      this.#set = new NumberSet(this.#machine.table, name === 'select');
    }
    this.#head = new Float64Array(memory, 0, Head.StampNs + 1);
    this.#words = new Uint32Array(memory);
    this.#isOpen = true;
    this.#machine.pollers.add(this);
    return 0;
  }

  close(): void {
    this.#isOpen = false;
    this.#machine.wakers.closeOf(this);
    this.#set.clear();
    this.#machine.pollers.delete(this);
  }

  add(
    fd: number,
    slot: number,
    generation: number,
    interest: number,
    trigger: number,
    exclusive: number,
  ): number {
    return this.#control('poller.add', fd, () =>
      fd < FIRST_FD
        ? this.#machine.files.refusalOf(fd)
        : this.#set.add(fd, { slot, generation, interest, trigger }, exclusive === 1),
    );
  }

  modify(fd: number, slot: number, generation: number, interest: number, trigger: number): number {
    return this.#control('poller.modify', fd, () =>
      fd < FIRST_FD
        ? this.#unknown(fd)
        : this.#set.modify(fd, { slot, generation, interest, trigger }),
    );
  }

  remove(fd: number): number {
    return this.#machine.perform('poller.remove', fd, -1, () =>
      fd < FIRST_FD ? this.#unknown(fd) : this.#set.remove(fd),
    );
  }

  #unknown(fd: number): number {
    return this.#machine.files.isReal(fd) ? -ENOENT : -EBADF;
  }

  removeAndClose(fd: number): number {
    return this.#machine.perform('poller.removeAndClose', fd, -1, () => {
      this.#set.remove(fd); // that it is not there is no error
      return this.#machine.table.close(fd);
    });
  }

  wait(timeoutMs: number): number {
    const { nowNs } = this.#machine.clock;
    this.#deadlineNs = timeoutMs < 0 ? Number.POSITIVE_INFINITY : nowNs + timeoutMs * NS_PER_MS;
    return this.resume();
  }

  resume(): number {
    if (!this.#isOpen) return -EBADF;
    const deadlineNs = Math.min(this.#deadlineNs, this.plannedNs);
    const { clock, tape, settings, journal } = this.#machine;
    const isWoken = tape.happens(settings.spurious);
    if (isWoken) journal.add('a wait ended with nothing to report');
    if (!isWoken) this.#machine.waitUntil(() => this.#isNotified || this.#set.isReady, deadlineNs);
    const count = isWoken ? 0 : this.#fill();
    this.#head[Head.NowNs] = clock.nowNs;
    this.#words[SIGNALS_AT] = this.#isNotified ? SIGNAL_NOTIFIED : 0;
    const isEmpty = count === 0 && !this.#isNotified;
    this.#isNotified = false;
    this.#add(Head.WaitCount);
    if (isEmpty && clock.nowNs < deadlineNs) this.#add(Head.EmptyCount);
    return count;
  }

  /** A wait reports once that a descriptor is ready, whatever it is. @returns whether it is watched. */
  pretend(fd: number, pretended: Pretended): boolean {
    return this.#set.pretend(fd, pretended);
  }

  notify(): number {
    this.#isNotified = true;
    return 0;
  }

  descriptor(): number {
    return NO_DESCRIPTOR;
  }

  rebuild(): number {
    this.#set.rebuild();
    return 0;
  }

  stamp(): number {
    this.#head[Head.StampNs] = this.#machine.clock.nowNs;
    return 0;
  }

  setBusyPoll(): number {
    return -ENOTSUP;
  }

  #add(at: number): void {
    this.#head[at] = (this.#head[at] ?? 0) + 1;
  }

  #fill(): number {
    const { journal } = this.#machine;
    const capacity = (this.#words.length - RECORDS_AT) / WORDS_PER_RECORD;
    const reports = this.#set.take(capacity, (count) => this.#chooseFirst(count));
    reports.forEach(({ slot, generation, readiness, word }, index) => {
      this.#words.set([slot, generation, readiness, word], RECORDS_AT + index * WORDS_PER_RECORD);
    });
    if (reports.length > 0)
      journal.end(journal.begin('poller.wait', -1, undefined, -1), reports.length);
    return reports.length;
  }

  #chooseFirst(readyCount: number): number {
    const { tape, settings, journal } = this.#machine;
    const first = tape.choose(readyCount, settings.order);
    if (first > 0) journal.add(`of ${readyCount} that are ready the first is not reported first`);
    return first;
  }

  #control(call: string, fd: number, make: () => number): number {
    return this.#machine.perform(call, fd, -1, () => {
      const errno = this.#machine.faults.errnoOf('epoll_ctl', fd);
      return errno === 0 ? make() : -errno;
    });
  }
}
