// What a program has asked of the kernel, in order, and the questions that checks have about it.
import type { LedgerCall } from './record.ts';

/** One call, with its descriptor and its result. */
export interface Entry {
  readonly call: LedgerCall;
  /** -1: none. */
  readonly fd: number;
  /** As in `edgewise/sys`: -errno for an error. */
  readonly result: number;
  /** Bytes that it asked for; -1: none. */
  readonly asked: number;
  /** Of a wait, the timeout in milliseconds; of `add`, `modify` and a report, the token. */
  readonly a: number;
  /** Of `add` and `modify`, see `interestOf`; of a report, the readiness. */
  readonly b: number;
  readonly thread: number;
  readonly ms: number;
}

/** One event of a wait, and what the program did about it before it waited again. */
export interface Report {
  readonly fd: number;
  readonly readiness: number;
  /** Calls on the descriptor until the next wait that could block. */
  readonly calls: readonly Entry[];
}

const WAITS: readonly LedgerCall[] = ['poller.wait', 'epoll_wait'];
const READS: readonly LedgerCall[] = ['recv', 'read', 'readv', 'recvmsg', 'accept4', 'splice'];
const WRITES: readonly LedgerCall[] = ['send', 'write', 'writev', 'sendmsg', 'sendfile'];
const CLOSES: readonly LedgerCall[] = ['close', 'poller.removeAndClose'];

export const isWait = ({ call }: Entry): boolean => WAITS.includes(call);
export const isRead = ({ call }: Entry): boolean => READS.includes(call);
export const isWrite = ({ call }: Entry): boolean => WRITES.includes(call);
const isClose = ({ call }: Entry): boolean => CLOSES.includes(call);

export class Ledger {
  readonly entries: readonly Entry[];

  constructor(entries: readonly Entry[]) {
    this.entries = entries;
  }

  /** What came after so many entries: `ledger.since(mark)` with the `length` of an earlier one. */
  since(mark: number): Ledger {
    return new Ledger(this.entries.slice(mark));
  }

  get length(): number {
    return this.entries.length;
  }

  /** The calls with one of these names. */
  of(...calls: readonly LedgerCall[]): Entry[] {
    return this.entries.filter(({ call }) => calls.includes(call));
  }

  get waits(): Entry[] {
    return this.entries.filter(isWait);
  }

  /** Waits that came back at once with nothing, because they were asked to. */
  get emptyLooks(): Entry[] {
    return this.waits.filter(({ result, a }) => result === 0 && a === 0);
  }

  /** Descriptors of clients, in the order in which they were accepted; a number can come again. */
  get accepted(): number[] {
    return this.of('accept4')
      .filter(({ result }) => result >= 0)
      .map(({ result }) => result);
  }

  /** Bytes that it has read from a descriptor and not written to it: what a server that echoes keeps. */
  keptBytes(fd: number): number {
    const of = this.entries.filter((entry) => entry.fd === fd && entry.result > 0);
    const sum = (entries: Entry[]): number => entries.reduce((all, { result }) => all + result, 0);
    return sum(of.filter(isRead)) - sum(of.filter(isWrite));
  }

  /** Descriptors that were opened and not closed. */
  get unclosed(): number[] {
    const open = new Set<number>();
    for (const entry of this.entries) {
      if (isClose(entry)) open.delete(entry.fd);
      else if (opens(entry)) open.add(entry.result);
    }
    return [...open];
  }

  /** Events of waits by descriptor, each with what was done about it. */
  get reports(): Report[] {
    const fdOf = new Map<number, number>(); // by token
    const reports: (Report & { calls: Entry[] })[] = [];
    let current: typeof reports = [];
    for (const entry of this.entries) {
      if (entry.call === 'report') {
        const report = { fd: fdOf.get(entry.a) ?? -1, readiness: entry.b, calls: [] };
        current.push(report);
        reports.push(report);
      } else if (entry.call === 'poller.add' || entry.call === 'poller.modify') {
        fdOf.set(entry.a, entry.fd);
      } else if (isWait(entry)) {
        if (entry.a !== 0) current = []; // a look at what else there is does not end the round
      } else {
        for (const report of current) if (report.fd === entry.fd) report.calls.push(entry);
      }
    }
    return reports;
  }
}

function opens({ call, result }: Entry): boolean {
  return result >= 0 && ['socket', 'accept4', 'dup', 'eventfd', 'epoll_create1'].includes(call);
}
