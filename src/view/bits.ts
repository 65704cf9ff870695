// Bits and numbers of a trace, as the reactor has them: docs/trace.md. The poller's own are not used,
// since they come with native code, and this runs in a browser.

/** Bits of an Interest, and of a Readiness. */
export const READABLE = 1;
export const WRITABLE = 2;
export const READ_CLOSED = 8;
export const WRITE_CLOSED = 16;
export const ERROR = 32;
/** What is reported about each direction. */
export const READ_BITS = READABLE | READ_CLOSED | ERROR;
export const WRITE_BITS = WRITABLE | WRITE_CLOSED | ERROR;

/** Triggers, by number. */
export const TRIGGER_NAMES: readonly string[] = ['level', 'edge', 'oneshot', 'edge-oneshot'];
export const LEVEL = 0;

/** Whether a trigger reports a readiness once, until something new has come. */
export function isEdge(trigger: number): boolean {
  return trigger === 1 || trigger === 3;
}

/** Bits of the `b` of an event of `Kind.HandlerBegin`: it is called as it was re-queued. */
export const REQUEUED = 2;
