// What the kernels behind the back-ends differ in: the table of docs/semantics.md as data. A
// difference is declared here and asserted by the suite; it is never a reason to leave a test out.
import type { Backend } from '../../src/poller/interest.ts';

export interface Kernel {
  /** Closed and error bits come; otherwise a hang-up shows as readable, an error as both. */
  readonly tellsClosed: boolean;
  /** What a pipe's reader hears of besides Readable when the last writer closes. */
  readonly tellsPipeEnd: boolean;
  /** A watch without interest is told of a hang-up, once. */
  readonly pausedHearsHangUp: boolean;
  /** A descriptor that was closed while it is watched: told as Error, or forgotten. */
  readonly tellsClosedNumber: boolean;
  /** Two numbers of one description are told apart by a kernel's own set. */
  readonly keepsDescriptions: boolean;
}

const CLASSIC = { tellsClosedNumber: true, keepsDescriptions: false } as const;
const OWN_SET = { tellsClosedNumber: false, keepsDescriptions: true } as const;
const HEARS_ALL = { tellsClosed: true, tellsPipeEnd: true, pausedHearsHangUp: true } as const;
const HEARS_BITS = { tellsClosed: false, tellsPipeEnd: false, pausedHearsHangUp: false } as const;

export const KERNELS: Readonly<Record<Backend, Kernel>> = {
  epoll: { ...HEARS_ALL, ...OWN_SET },
  kqueue: { ...HEARS_ALL, ...OWN_SET, keepsDescriptions: false },
  poll: { ...HEARS_ALL, ...CLASSIC },
  select: { ...HEARS_BITS, ...CLASSIC },
};
