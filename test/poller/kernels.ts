// What the kernels behind the back-ends differ in: the table of docs/semantics.md as data. A
// difference is declared here and asserted by the suite; it is never a reason to leave a test out.
import { type Backend, Interest } from '../../src/poller/interest.ts';

export interface Kernel {
  /** Closed and error bits come; otherwise a hang-up shows as readable, an error as both. */
  readonly reportsClosed: boolean;
  /** What a pipe's reader gets besides Readable when the last writer closes. */
  readonly reportsPipeEnd: boolean;
  /** A watch without interest reports a hang-up, once. */
  readonly reportsHangUpPaused: boolean;
  /** A descriptor that was closed while it is watched: reported as Error, or forgotten. */
  readonly reportsClosedNumber: boolean;
  /** What can be asked for. */
  readonly interests: Interest;
  /** A kernel's own set keeps two numbers of one description apart. */
  readonly keepsDescriptions: boolean;
}

const CLASSIC = { reportsClosedNumber: true, keepsDescriptions: false } as const;
const OWN_SET = { reportsClosedNumber: false, keepsDescriptions: true } as const;
const REPORTS_ALL = {
  reportsClosed: true,
  reportsPipeEnd: true,
  reportsHangUpPaused: true,
} as const;
const REPORTS_BITS = {
  reportsClosed: false,
  reportsPipeEnd: false,
  reportsHangUpPaused: false,
} as const;

const { Readable, Writable, Priority, ReadClosed } = Interest;
const CALLS = Readable | Writable | Priority;
const hasPollReadClosed = ['linux', 'freebsd'].includes(process.platform);
const hasKqueuePriority = ['darwin', 'openbsd'].includes(process.platform);

export const KERNELS: Readonly<Record<Backend, Kernel>> = {
  epoll: { ...REPORTS_ALL, ...OWN_SET, interests: CALLS | ReadClosed },
  kqueue: {
    ...REPORTS_ALL,
    ...OWN_SET,
    keepsDescriptions: false,
    interests: Readable | Writable | ReadClosed | (hasKqueuePriority ? Priority : 0),
  },
  poll: { ...REPORTS_ALL, ...CLASSIC, interests: CALLS | (hasPollReadClosed ? ReadClosed : 0) },
  select: { ...REPORTS_BITS, ...CLASSIC, interests: CALLS },
};
