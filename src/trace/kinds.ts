// The vocabulary of a trace: what happened, as a number, and what its two values say.

/** What an event of a trace is. The numbers are those of the file: docs/trace.md. */
export const Kind = {
  /** A wait has ended. a: count of events; b: bits, 1: a waker, 2: Node's loop has something. */
  WaitEnd: 1,
  /** The kernel reports a descriptor. a: Readiness bits; b: the kernel's own word. */
  Report: 2,
  /** A report of a registration that an earlier handler of the batch has closed. a: Readiness bits. */
  Stale: 3,
  /** A report of a registration that had ended before the wait. a: Readiness bits. */
  Ghost: 4,
  /** A handler is called. a: Readiness bits; b: 1: by a report, 2: as it was re-queued, 3: both. */
  HandlerBegin: 5,
  /** It has returned. a: bytes that it charged, 2^31 - 1 at most; b: bits of {@link Outcome}. */
  HandlerEnd: 6,
  /** A registration was made. a: Interest bits; b: the trigger, by its number. */
  Register: 7,
  /** Its interest or its trigger was changed, or the kernel was asked to look again. a, b: as Register. */
  Modify: 8,
  /** It was closed. */
  Release: 9,
  /** It is to be called in the next turn without a report. a: Readiness bits. */
  Requeue: 10,
  /** Timers that are due are called. a: how many are pending. */
  Timers: 11,
  /** The callbacks of wakers are called. */
  Wakers: 12,
  /** Deferred functions are called. a: how many. */
  Deferred: 13,
  /** A call of the kernel. a: its result; b: bytes asked for * 128 + the number of the call; -1 * 128: unknown. */
  Call: 14,
  /** A mark of the program. a: its text, by number. */
  Mark: 15,
  /** A descriptor was given a name. a: the text, by number. */
  Label: 16,
} as const;

/** The number of a kind. */
export type Kind = (typeof Kind)[keyof typeof Kind];

/** How a handler returned: bits of `b` of {@link Kind.HandlerEnd}. */
export const Outcome = {
  /** It threw. */
  Threw: 1,
  /** The registration is re-queued. */
  Requeued: 2,
  /** The registration is closed. */
  Closed: 4,
} as const;

/** The names of the kinds, by number. */
export const KIND_NAMES: readonly string[] = Object.entries(Kind).reduce<string[]>(
  (names, [name, number]) => {
    names[number] = name.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
    return names;
  },
  [],
);
