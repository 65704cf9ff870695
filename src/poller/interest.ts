// The vocabulary of readiness: what a caller wants, what the kernel said, how it repeats. A leaf.
// The bits are those of native/core/poller.h.
import { invalidType } from '../errors.ts';

/** What a caller wants to hear of; combine with `|`. */
export const Interest = {
  /** Nothing but hang-up and error, reported once: a paused registration. */
  None: 0,
  Readable: 1,
  Writable: 2,
  /** Out-of-band data (EPOLLPRI, POLLPRI, select's exceptional conditions). */
  Priority: 4,
} as const;
/** A combination of {@link Interest} bits, 0 to 7. */
export type Interest = number;

/** What the kernel reported; the first three answer the {@link Interest} of the same name. */
export const Readiness = {
  Readable: 1,
  Writable: 2,
  Priority: 4,
  /** The peer will send no more; a read gives what is left, then 0. */
  ReadClosed: 8,
  /** The peer will take no more; a write fails. */
  WriteClosed: 16,
  /** An error is pending; SO_ERROR or the next call tells which. */
  Error: 32,
} as const;
/** A combination of {@link Readiness} bits. */
export type Readiness = number;

/** How a registration repeats: docs/semantics.md says what each promises on each back-end. */
export type Trigger = 'level' | 'edge' | 'oneshot' | 'edge-oneshot';

/** The kernel's mechanism behind a Poller. */
export type Backend = 'epoll' | 'kqueue' | 'poll' | 'select';

/** @internal in the order of `enum class Trigger` */
export const TRIGGERS: readonly Trigger[] = ['level', 'edge', 'oneshot', 'edge-oneshot'];
/** @internal in the order of `enum class Backend` */
export const BACKENDS: readonly Backend[] = ['epoll', 'kqueue', 'poll', 'select'];

/** Names the bits of a readiness or an interest, for messages and tests: `'Readable|Error'`. */
export function readinessNames(bits: number): string {
  if (typeof bits !== 'number') throw invalidType('bits', 'a number', bits);
  const names = Object.entries(Readiness).filter(([, bit]) => (bits & bit) !== 0);
  return names.length === 0 ? 'None' : names.map(([name]) => name).join('|');
}
