// The catalogue of lints: what each code says, and what to do. docs/lints.md has a section for each.

/** The code of a lint: docs/lints.md has a section for each. */
export type LintCode =
  | 'EDGEWISE_UNDRAINED'
  | 'EDGEWISE_UNSETTLED'
  | 'EDGEWISE_SHORT_READ_TAKEN_AS_DRAINED'
  | 'EDGEWISE_ACCEPT_ONCE'
  | 'EDGEWISE_SPINNING'
  | 'EDGEWISE_SPINNING_READ'
  | 'EDGEWISE_ERROR_IGNORED'
  | 'EDGEWISE_WRITE_NOT_ARMED'
  | 'EDGEWISE_SHORT_WRITE_IGNORED'
  | 'EDGEWISE_CONNECT_UNCHECKED'
  | 'EDGEWISE_HANGUP_BEFORE_DATA'
  | 'EDGEWISE_BLOCKING'
  | 'EDGEWISE_CLOSED_WHILE_REGISTERED'
  | 'EDGEWISE_DUPLICATE'
  | 'EDGEWISE_SLOW_HANDLER'
  | 'EDGEWISE_STARVED'
  | 'EDGEWISE_UNKNOWN';

/** What a finding says: `fd 7` and `what`; `fix`. */
export interface LintText {
  readonly what: string;
  readonly fix: string;
}

/** The texts of each; to some `what` is added how much, or of which. */
export const LINT_TEXTS: Readonly<Record<LintCode, LintText>> = {
  EDGEWISE_UNDRAINED: {
    what: 'is edge-triggered and its handler returned before would-block, with data left',
    fix: 'drain it, or requeue()',
  },
  EDGEWISE_UNSETTLED: {
    what: 'is edge-triggered and its handler left unsettled',
    fix: 'return settled() by a call that found nothing more, or charge(), requeued(), paused(), idle()',
  },
  EDGEWISE_SHORT_READ_TAKEN_AS_DRAINED: {
    what: 'is edge-triggered and its handler stopped at a short read, with the end behind it',
    fix: 'read on until 0',
  },
  EDGEWISE_ACCEPT_ONCE: {
    what: 'is an edge-triggered listener, and its handler stopped after a connection',
    fix: 'accept until would-block, or requeue()',
  },
  EDGEWISE_SPINNING: {
    what: 'keeps its write interest armed with nothing to write',
    fix: 'arm it only while there is something',
  },
  EDGEWISE_SPINNING_READ: {
    what: 'is reported as readable again and again, and its handler takes nothing',
    fix: 'read, remove the read interest, or close it at the end',
  },
  EDGEWISE_ERROR_IGNORED: {
    what: 'has an error pending that its handler neither takes nor acts on',
    fix: 'read SO_ERROR, or close it',
  },
  EDGEWISE_WRITE_NOT_ARMED: {
    what: 'has bytes left that the kernel did not take, and no write interest',
    fix: 'add Interest.Writable until they have left',
  },
  EDGEWISE_SHORT_WRITE_IGNORED: {
    what: 'was sent other bytes after a write that took fewer than it was given',
    fix: 'keep the rest, and write it first',
  },
  EDGEWISE_CONNECT_UNCHECKED: {
    what: 'is written to after a connect under way, without a look at how that ended',
    fix: 'read SO_ERROR when it is first writable',
  },
  EDGEWISE_HANGUP_BEFORE_DATA: {
    what: 'was closed for the end of its peer, with data left unread',
    fix: 'read until 0, then close',
  },
  EDGEWISE_BLOCKING: {
    what: 'is edge-triggered and blocks: a drain would stop the thread',
    fix: 'set O_NONBLOCK',
  },
  EDGEWISE_CLOSED_WHILE_REGISTERED: {
    what: 'was closed while it was registered',
    fix: 'close the registration first, or use closeDescriptor()',
  },
  EDGEWISE_DUPLICATE: {
    what: 'is the same open file as',
    fix: 'register one of them, or give them different interests',
  },
  EDGEWISE_SLOW_HANDLER: {
    what: 'kept all others waiting: one call of its handler took',
    fix: 'do less per call, or do it on another thread',
  },
  EDGEWISE_STARVED: {
    what: 'kept others of its batch waiting far beyond the budget: one call of its handler made',
    fix: 'charge() each operation, and return when it answers false',
  },
  EDGEWISE_UNKNOWN: { what: '', fix: '' }, // each has words of its own
};

/** All codes. */
export const LINT_CODES = Object.keys(LINT_TEXTS) as readonly LintCode[];
