// The one place where a finding leaves the lint: as a process warning, to a function, as an error.
import { channels } from '../../diagnostics.ts';
import type { TraceEvent } from '../../trace/events.ts';
import type { Trace } from '../../trace/trace.ts';
import type { LintCode, LintText } from './codes.ts';
import type { Observed } from './observed.ts';
import { LintError, type LintFinding, type LintSettings } from './options.ts';

const NO_EVENTS: readonly TraceEvent[] = [];

/** What the lint asks of its reactor. */
export interface LintHost {
  /** What records; undefined: nothing does. */
  trace(): Trace | undefined;
  /** Hands an error to `onError`. */
  fail(error: unknown): void;
}

/** Reports findings as the settings say. */
export class Reporter {
  readonly #settings: LintSettings;
  readonly #host: LintHost;

  constructor(settings: LintSettings, host: LintHost) {
    this.#settings = settings;
    this.#host = host;
  }

  /** Once for each registration and code; what is of no registration, each time. */
  report(observed: Observed | undefined, code: LintCode, { what, fix }: LintText): void {
    if (!this.#settings.codes.has(code) || observed?.silenced.has(code)) return;
    observed?.silenced.add(code);
    const trace = this.#host.trace();
    const recent = observed === undefined ? undefined : trace?.recentOf(observed.registration);
    const finding: LintFinding = {
      code,
      fd: observed?.registration.fd,
      label: recent?.label,
      handler: observed?.handler,
      site: observed?.site.toString(),
      what,
      fix,
      events: recent?.events ?? NO_EVENTS,
    };
    trace?.recordLint(code, observed?.registration);
    this.#publish(finding);
  }

  #publish(finding: LintFinding): void {
    const { on, throws } = this.#settings;
    if (channels.lint.hasSubscribers) channels.lint.publish(finding);
    const message = messageOf(finding);
    if (throws) this.#host.fail(new LintError(message, finding));
    if (on !== undefined) this.#callBack(on, finding);
    if (throws || on !== undefined) return;
    process.emitWarning(message, { type: 'EdgewiseLint', code: finding.code });
  }

  // The call of the kernel that it is about may be under way: nothing may be thrown into it.
  #callBack(on: (finding: LintFinding) => void, finding: LintFinding): void {
    try {
      on(finding);
    } catch (error) {
      this.#host.fail(error);
    }
  }
}

function messageOf({ fd, label, handler, site, what, fix }: LintFinding): string {
  if (fd === undefined) return `${what}; ${fix}`;
  const named = label === undefined ? `fd ${fd}` : `fd ${fd} (${label})`;
  return `${named} ${what}; ${fix}. Its handler is ${handler}, registered ${site}`;
}
