// Which address of a name to connect to: Happy Eyeballs (RFC 8305). The addresses are tried in their
// order, each a little later than the one before or as soon as that has failed, and the first one
// that answers wins. connect.ts looks the name up; one attempt is attempt.ts.
import type { Timer } from '../../reactor/index.ts';
import type { Connection } from '../connection/connection.ts';
import type { ConnectionGroup } from '../connection/group.ts';
import { Attempt, type AttemptOwner, type AttemptTarget } from './attempt.ts';

/** RFC 8305, section 8: "Connection Attempt Delay". */
export const ATTEMPT_DELAY_MS = 250;

/**
 * Orders addresses so that the families take turns.
 *
 * @param addresses - best first.
 * @returns all of them; the family of the first one begins.
 * @see RFC 8305, section 4
 */
export function interleave<T extends { readonly family: number }>(addresses: readonly T[]): T[] {
  const first = addresses.filter(({ family }) => family === addresses[0]?.family);
  const others = addresses.filter(({ family }) => family !== addresses[0]?.family);
  const mixed: T[] = [];
  for (let i = 0; i < Math.max(first.length, others.length); i++) {
    mixed.push(...first.slice(i, i + 1), ...others.slice(i, i + 1));
  }
  return mixed;
}

function allErrors(errors: readonly Error[]): Error {
  const [first] = errors;
  if (first === undefined || errors.length === 1) return first ?? new Error('no address');
  const message = errors.map((error) => error.message).join('; ');
  return Object.assign(new AggregateError(errors, message), {
    code: (first as NodeJS.ErrnoException).code,
  });
}

/**
 * The attempts of one connect call: it keeps the reactor alive while a name is looked up, establishes the
 * connection with the first attempt that succeeds, and destroys it when all have failed, at the deadline
 * or by the signal.
 */
export class Connector implements AttemptOwner {
  readonly #group: ConnectionGroup;
  // biome-ignore lint/suspicious/noExplicitAny: it does not look at the user's data
  readonly #connection: Connection<any>;
  readonly #delayMs: number;
  readonly #attempts = new Set<Attempt>();
  readonly #errors: Error[] = [];
  readonly #signal: AbortSignal | undefined;
  #isHeld = false;
  #targets: AttemptTarget[] = [];
  #delay: Timer | undefined;
  #deadline: Timer | undefined;

  constructor(
    group: ConnectionGroup,
    // biome-ignore lint/suspicious/noExplicitAny: as the field above
    connection: Connection<any>,
    delayMs: number,
    signal: AbortSignal | undefined,
  ) {
    this.#group = group;
    this.#connection = connection;
    this.#delayMs = delayMs;
    this.#signal = signal;
    group.onGone = () => this.#onGone();
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    // Looking up a name, nothing is registered yet, and the reactor must not think that it is idle.
    if (group.settings.keepsAlive === 'open') this.#hold();
  }

  /** Calls `onTimeout` when nothing has succeeded for so long; 0: never. */
  limit(timeoutMs: number, onTimeout: () => void): void {
    if (timeoutMs > 0) this.#deadline = this.#group.reactor.setTimeout(onTimeout, timeoutMs);
  }

  /**
   * Begins with the first of `targets`, which are in the order of preference.
   *
   * @param errors - those of addresses that cannot be tried.
   */
  start(targets: readonly AttemptTarget[], errors: readonly Error[] = []): void {
    this.#hold();
    this.#targets = [...targets];
    this.#errors.push(...errors);
    if (targets.length > 0) this.#tryNext();
    else this.#connection.destroy(allErrors(this.#errors));
  }

  readonly #onAbort = (): void => {
    this.#connection.destroy(this.#signal?.reason);
  };

  #onGone(): void {
    this.#giveUp();
    this.#release();
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  /** @internal the first one wins; the others are given up */
  onConnected(attempt: Attempt, fd: number): void {
    this.#attempts.delete(attempt);
    this.#giveUp(); // before it: `open` may throw, or run a turn
    try {
      this.#group.inScope(() => this.#connection.establish(fd));
    } finally {
      this.#release(); // after it: the reactor is never without something to do
    }
  }

  /** @internal the next one starts at once; the last one ends the connection */
  onFailed(attempt: Attempt, error: Error): void {
    this.#attempts.delete(attempt);
    this.#errors.push(error);
    if (this.#connection.isClosed) return;
    if (this.#targets.length > 0) this.#tryNext();
    else if (this.#attempts.size === 0) this.#connection.destroy(allErrors(this.#errors));
  }

  #tryNext(): void {
    this.#delay?.clear();
    const target = this.#targets.shift();
    if (target === undefined) return;
    if (this.#targets.length > 0) {
      this.#delay = this.#group.reactor.setTimeout(() => this.#goOn(target), this.#delayMs);
    }
    const attempt = new Attempt(this.#group.reactor, target, this);
    this.#attempts.add(attempt);
    attempt.start();
  }

  // Two sockets cannot have one port: there the attempt that has not been answered makes room, and
  // its failure starts the next one.
  #goOn({ local }: AttemptTarget): void {
    if (local === undefined || local.port === 0) this.#tryNext();
    else for (const attempt of [...this.#attempts]) attempt.giveUp();
  }

  #giveUp(): void {
    this.#targets = [];
    this.#delay?.clear();
    this.#deadline?.clear();
    for (const attempt of this.#attempts) attempt.cancel();
    this.#attempts.clear();
  }

  #hold(): void {
    if (!this.#isHeld) this.#group.reactor.countReferenced(1);
    this.#isHeld = true;
  }

  #release(): void {
    if (this.#isHeld) this.#group.reactor.countReferenced(-1);
    this.#isHeld = false;
  }
}
