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
  /** A turn has ended, and a wait begins. a: its timeout in microseconds, -1: none; b: {@link WaitReason}. */
  WaitBegin: 17,
  /** What is ready after the batch, whether it was reported or not (level `probe`). a: Readiness bits. */
  Level: 18,
  /** The bytes that wait to be written have changed. a: how many, 2^31 - 1 at most. */
  Queue: 19,
  /** A mistake was found. a: its code, a text by number. */
  Lint: 20,
  /** The handlers of a signal are called. a: its number. */
  Signal: 21,
  /** What a descriptor is. a: {@link Role}; b: the listener that accepted it, -1: none. */
  Role: 22,
} as const;

/** The number of a kind. */
export type Kind = (typeof Kind)[keyof typeof Kind];

/** Why a wait ends when it does, if nothing is reported before: `b` of {@link Kind.WaitBegin}. */
export const WaitReason = {
  /** Nothing ends it. */
  Idle: 0,
  /** A timer is due then. */
  Deadline: 1,
  /** It does not wait: something is re-queued or deferred. */
  Work: 2,
} as const;

/** What a descriptor is: `a` of {@link Kind.Role}. */
export const Role = {
  /** It accepts. */
  Listener: 1,
  /** Of a stream: TCP, or a Unix socket. */
  Connection: 2,
  /** Of messages. */
  Datagram: 3,
  /** No socket: a pipe, a terminal, … */
  Pipe: 4,
  /** By which the reactor gets signals. */
  Signals: 5,
} as const;

/** How a handler returned: bits of `b` of {@link Kind.HandlerEnd}. */
export const Outcome = {
  /** It threw. */
  Threw: 1,
  /** The registration is re-queued. */
  Requeued: 2,
  /** The registration is closed. */
  Closed: 4,
} as const;

/** Bits of the number of a call, beside the bytes asked for: see {@link Kind.Call}. */
export const CALL_BITS = 7;

/** What the `b` of an event of {@link Kind.Call} says. */
export interface CallDetail {
  /** The number of the call: its place in `TraceData.calls`. */
  readonly call: number;
  /** Bytes that were asked for; -1: none, or not known. */
  readonly asked: number;
}

/** Which call of the kernel, and how many bytes were asked for (-1: not known), of an event's `b`. */
export function callOf(b: number): CallDetail {
  return { call: b & (2 ** CALL_BITS - 1), asked: b >> CALL_BITS };
}

/** The names of the kinds, by number. */
export const KIND_NAMES: readonly string[] = Object.entries(Kind).reduce<string[]>(
  (names, [name, number]) => {
    names[number] = name.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
    return names;
  },
  [],
);
