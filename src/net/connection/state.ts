// The state of a connection, as bits of one number: a connection is small.

/** Bits of the state of a connection. */
export const State = {
  Connecting: 1,
  ReadEnded: 2,
  /** `end` was called: this side is shut when all has left. */
  Ending: 4,
  WriteShut: 8,
  Paused: 16,
  Corked: 32,
  Closed: 64,
  Unreferenced: 128,
  /** `close` was called: there is a deadline, and no idle timer any more. */
  Closing: 256,
  /** To be closed with `error` when all that came before is read. */
  WriteFailed: 512,
  /** What is kept is copied: the caller uses its memory again. */
  Copies: 1024,
  /** Another thread serves it now. */
  HandedOver: 2048,
  /** The `close` handler was called, or is never going to be. */
  CloseReported: 4096,
  /** `readClosed` was called. */
  ReadClosedReported: 8192,
} as const;
