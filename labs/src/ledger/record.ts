// What one record of a ledger is: eight words of 32 bits, the last two a time. A program under test appends
// them to a file, one write(2) each, so that one that blocks, spins or is killed has reported all that it did.

export const RECORD_BYTES = 32;

/** The calls that are written down. Their places here are the numbers in the file. */
export const CALLS = [
  'socket',
  'socketpair',
  'bind',
  'listen',
  'accept4',
  'connect',
  'shutdown',
  'getsockopt',
  'setsockopt',
  'recv',
  'send',
  'read',
  'write',
  'readv',
  'writev',
  'recvmsg',
  'sendmsg',
  'sendfile',
  'splice',
  'close',
  'fcntl',
  'dup',
  'pipe2',
  'eventfd',
  'epoll_create1',
  'epoll_ctl',
  'epoll_wait',
  'poller.open',
  'poller.close',
  'poller.add',
  'poller.modify',
  'poller.remove',
  'poller.removeAndClose',
  'poller.wait',
  /** One event of the wait before it: `fd` is unknown, `a` its token, `b` its readiness. */
  'report',
] as const;

/** A call that is written down, or an event. */
export type LedgerCall = (typeof CALLS)[number];

/** Places of the words. */
export const Word = { Call: 0, Fd: 1, Result: 2, Asked: 3, A: 4, B: 5 } as const;
/** The place of the time in doubles: milliseconds since the machine has started. */
export const TIME_AT = 3;
/** The thread is in the upper half of the first word. */
export const THREAD_SHIFT = 16;

const TRIGGER_SHIFT = 8;

/** Interest and trigger of `poller.add` and `poller.modify` in one word; their other word is the token's lower half. */
export function packInterest(interest: number, trigger: number): number {
  return interest | (trigger << TRIGGER_SHIFT);
}

/** The bits of `Interest` in it. */
export function interestOf(word: number): number {
  return word & ((1 << TRIGGER_SHIFT) - 1);
}

/** The number of the trigger in it: level, edge, oneshot, edge-oneshot. */
export function triggerOf(word: number): number {
  return word >> TRIGGER_SHIFT;
}
