// The state of a connection, as bits of one number: a connection is small.

export const State = {
  Connecting: 1,
  ReadEnded: 2,
  Ending: 4,
  WriteShut: 8,
  Paused: 16,
  NeedsDrain: 32,
  Corked: 64,
  Closed: 128,
  Unreferenced: 256,
  /** The timer is the deadline of closeGracefully. */
  Closing: 512,
  /** To be closed with `error` when all that came before is read. */
  WriteFailed: 1024,
  /** What is kept is copied: whoever writes uses its memory again. */
  Copies: 2048,
  /** Another thread serves it now. */
  HandedOver: 4096,
} as const;
