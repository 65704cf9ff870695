// What an audit can find: a code for each, what to do about it, and the book that confirms what one
// look alone cannot know. A look sees a state; that it lasts, the next look shows.

/** What is wrong with a descriptor; docs/audit.md has a row for each. */
export type AuditCode =
  | 'GHOST'
  | 'FOREIGN'
  | 'MISSING'
  | 'MASK'
  | 'DISARMED'
  | 'UNARMED_WRITER'
  | 'ARMED_IDLE_WRITER'
  | 'UNDRAINED'
  | 'UNREAD'
  | 'BLOCKING'
  | 'UNWATCHED'
  | 'DUPLICATE'
  | 'BACKLOG';

/** Something that is wrong. */
export interface AuditFinding {
  /** Which kind of mistake. */
  readonly code: AuditCode;
  /** The descriptor; of a ghost the number that it was added under. */
  readonly fd: number;
  /** What was seen, as a sentence without its subject. */
  readonly what: string;
  /** What to do about it. */
  readonly fix: string;
  /** The first look that saw it without a break: milliseconds since 1970. */
  readonly since: number;
}

/** What one look saw. */
export interface Candidate {
  readonly code: AuditCode;
  readonly fd: number;
  /** Sets the file, or the registration, apart from others of its number. */
  readonly identity: string;
  readonly what: string;
  /** false: it may be gone in a moment, and counts when the next look sees it as well. */
  readonly isCertain: boolean;
  /** Bytes or connections that wait: when they become fewer, it is read after all. */
  readonly amount?: number | undefined;
}

const FIXES: Readonly<Record<AuditCode, string>> = {
  GHOST: 'remove it from the set before close; a duplicate keeps the old file open',
  FOREIGN: 'only the reactor may change its set: use register and registration.close',
  MISSING: 'close the registration before its descriptor',
  MASK: 'only the reactor may change its set: use registration.setInterest',
  DISARMED: 'arm it again when its work is done: registration.rearm, or EPOLL_CTL_MOD',
  UNARMED_WRITER: 'ask for Writable as long as something is queued',
  ARMED_IDLE_WRITER: 'ask for Writable only while something is queued',
  UNDRAINED: 'read until would-block under the edge trigger, or re-queue it',
  UNREAD: 'read what is left, or close it; ask for ReadClosed while it is paused',
  BLOCKING: 'set O_NONBLOCK',
  UNWATCHED: 'watch it, or close it',
  DUPLICATE: 'register one number of a file',
  BACKLOG: 'accept until would-block; look for what holds the thread',
};

interface Seen {
  readonly since: number;
  readonly amount: number;
  readonly isFound: boolean;
}

/** Remembers what looks have seen. */
export class AuditBook {
  #seen = new Map<string, Seen>();

  /**
   * The findings among what a look saw.
   *
   * @param at - the time of the look.
   * @param confirms - whether what the look before saw as well is a finding.
   * @param needsTwo - whether certain ones need that too.
   */
  judge(
    candidates: readonly Candidate[],
    at: number,
    confirms: boolean,
    needsTwo = false,
  ): AuditFinding[] {
    const seen = new Map<string, Seen>();
    const findings: AuditFinding[] = [];
    for (const { code, fd, identity, what, isCertain, amount = 0 } of candidates) {
      const key = `${code} ${fd} ${identity}`;
      const before = this.#seen.get(key);
      const lasts = before !== undefined && amount >= before.amount;
      const since = lasts ? before.since : at;
      const isConfirmed = lasts && (confirms || before.isFound);
      const isFound = (isCertain && !needsTwo) || isConfirmed;
      seen.set(key, { since, amount, isFound });
      if (isFound) findings.push({ code, fd, what, fix: FIXES[code], since });
    }
    this.#seen = seen;
    return findings.sort((a, b) => a.fd - b.fd || a.code.localeCompare(b.code));
  }
}
