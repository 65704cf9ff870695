// What is ready now, reported or not, for the level `probe` of a trace: all open registrations are
// looked at by poll(2), which takes nothing from the reactor's set.
import { unobserved } from '../kernel.ts';
import { Interest, type Readiness } from '../poller/interest.ts';
import { Poller } from '../poller/poller.ts';
import type { AnyRegistration } from './registration.ts';

const BOTH = Interest.Readable | Interest.Writable;
const CAPACITY = 65_536;

/** Looks at the registrations of one reactor. */
export class LevelProbe {
  readonly #poller = new Poller({ backend: 'poll', capacity: CAPACITY });
  #levels: ReadonlyMap<AnyRegistration, Readiness> = new Map();

  /** Calls `onChange` for each of which the readiness is another one than the last time; at first it is 0. */
  look(
    registrations: readonly AnyRegistration[],
    onChange: (registration: AnyRegistration, readiness: Readiness) => void,
  ): void {
    const levels = unobserved(() => this.#levelsOf(registrations));
    const before = this.#levels;
    this.#levels = levels;
    for (const registration of registrations) {
      const readiness = levels.get(registration) ?? 0;
      if (readiness !== (before.get(registration) ?? 0)) onChange(registration, readiness);
    }
  }

  /** Ends the poller that it looks with. */
  close(): void {
    this.#poller.close();
  }

  #levelsOf(registrations: readonly AnyRegistration[]): ReadonlyMap<AnyRegistration, Readiness> {
    const { events, handle } = this.#poller;
    const levels = new Map<AnyRegistration, Readiness>();
    // By their places in the list. What was closed behind our back is refused.
    for (const [at, { fd }] of registrations.entries()) {
      this.#poller.addRaw(fd, 0, at, BOTH, 'level', false);
    }
    const count = handle.wait(0);
    for (let index = 0; index < count; index++) {
      const registration = registrations[events.token(index)];
      if (registration !== undefined) levels.set(registration, events.readiness(index));
    }
    for (const { fd } of registrations) handle.remove(fd);
    return levels;
  }
}
