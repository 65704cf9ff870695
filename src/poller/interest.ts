// The vocabulary of readiness: what a caller wants, what the kernel reported, how it repeats. A leaf.
// The bits are those of native/core/poller.h.
//
// Interest and Readiness share their first three bits, and no more: a readiness in place of an
// interest would arm nothing. So they are two types. A combination made with `|` is a plain number to
// TypeScript, which both accept.
import { invalidType } from '../errors.ts';
import { namesOfBits } from '../readiness-names.ts';

declare const bitsOf: unique symbol;

/** A combination of {@link Interest} bits, 0 to 15. A {@link Readiness} is none. */
export type Interest = number & {
  /** For the compiler alone: no number has it. */
  readonly [bitsOf]?: 'Interest' | undefined;
};

/** A combination of {@link Readiness} bits, 0 to 63. An {@link Interest} is none. */
export type Readiness = number & {
  /** For the compiler alone: no number has it. */
  readonly [bitsOf]?: 'Readiness' | undefined;
};

/** What a caller wants to be notified of; combine with `|`. */
export const Interest = {
  /** 0: nothing but hang-up and error, reported once: a paused registration. */
  None: 0 as Interest,
  /** 1: a read would not block. */
  Readable: 1 as Interest,
  /** 2: a write would not block. */
  Writable: 2 as Interest,
  /** 4: out-of-band data (EPOLLPRI, POLLPRI, select's exceptional conditions). */
  Priority: 4 as Interest,
  /**
   * 8: the peer will send no more, though nothing is to be read now (EPOLLRDHUP, POLLRDHUP).
   * `Readable` has it with it. Not with select, and with poll on Linux and FreeBSD only:
   * `capabilities.interests`.
   */
  ReadClosed: 8 as Interest,
} as const;

/** What the kernel reported; the first four answer the {@link Interest} of the same name. */
export const Readiness = {
  /** 1: a read does not block. */
  Readable: 1 as Readiness,
  /** 2: a write does not block. */
  Writable: 2 as Readiness,
  /** 4: out-of-band data is there. */
  Priority: 4 as Readiness,
  /** 8: the peer will send no more; a read gives what is left, then 0. */
  ReadClosed: 8 as Readiness,
  /** 16: the peer will take no more; a write fails. */
  WriteClosed: 16 as Readiness,
  /** 32: an error is pending; SO_ERROR or the next call reports which. */
  Error: 32 as Readiness,
} as const;

/** How a registration repeats: docs/semantics.md says what each promises on each back-end. */
export type Trigger = 'level' | 'edge' | 'oneshot' | 'edge-oneshot';

/** The kernel's mechanism behind a Poller. */
export type Backend = 'epoll' | 'kqueue' | 'poll' | 'select';

/** In the order of `enum class Trigger`. */
export const TRIGGERS: readonly Trigger[] = ['level', 'edge', 'oneshot', 'edge-oneshot'];
/** In the order of `enum class Backend`. */
export const BACKENDS: readonly Backend[] = ['epoll', 'kqueue', 'poll', 'select'];

/** The calls that an interest asks for, as readiness; whether the peer has ended, it does not know. */
export function readinessOf(interest: Interest): Readiness {
  return interest & ~Readiness.ReadClosed;
}

/**
 * Names the bits of a readiness or an interest, for messages and tests.
 *
 * @returns such as `'Readable|Error'`; `'None'` for 0.
 * @throws TypeError - ERR_INVALID_ARG_TYPE: no number.
 */
export function readinessNames(bits: Readiness | Interest): string {
  if (typeof bits !== 'number') throw invalidType('bits', 'a number', bits);
  return namesOfBits(bits);
}
