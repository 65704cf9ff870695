// What the calls of an Edge return, as types: plain numbers at run time, and set apart by the compiler,
// so that only a result that ends a direction can settle it. A leaf.

declare const kindOf: unique symbol;

/** A count of bytes that were moved, from 1: more may be there. */
export type Bytes = number & {
  /** For the compiler alone: no number has it. */
  readonly [kindOf]: 'bytes';
};

/** 0: the peer has sent its last. */
export type Ended = number & {
  /** For the compiler alone: no number has it. */
  readonly [kindOf]: 'ended';
};

/** `sys.WOULD_BLOCK`: the kernel reports the next change. */
export type WouldBlock = number & {
  /** For the compiler alone: no number has it. */
  readonly [kindOf]: 'would-block';
};

/** Another -errno, which `sys.errnoName` names. */
export type Failed = number & {
  /** For the compiler alone: no number has it. */
  readonly [kindOf]: 'failed';
};

/** A descriptor that was accepted; it is the caller's. */
export type Accepted = number & {
  /** For the compiler alone: no number has it. */
  readonly [kindOf]: 'accepted';
};

/** What a read returns. An empty datagram is 0 as well. */
export type ReadResult = Bytes | Ended | WouldBlock | Failed;

/** What a write returns. */
export type WriteResult = Bytes | WouldBlock | Failed;

/** What `edge.accept` returns. */
export type AcceptResult = Accepted | WouldBlock | Failed;

/** What an {@link EdgeHandler} returns; only the methods of the {@link Edge} make one. */
export interface Settled {
  /** For the compiler alone. */
  readonly [kindOf]: 'settled';
}

/** @internal the only one: what it stands for is in the Edge */
export const SETTLED: Settled = Object.freeze({}) as Settled;

/** Whether bytes were moved, so that more may be there. */
export function isBytes(result: ReadResult | WriteResult): result is Bytes {
  return typeof result === 'number' && result > 0;
}

/** Whether it is a descriptor, so that more connections may wait. */
export function isAccepted(result: AcceptResult): result is Accepted {
  return typeof result === 'number' && result >= 0;
}
