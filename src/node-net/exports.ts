// The exports of Node's own modules, as objects that can be changed: `require('node:net')` gives the one
// object that Node itself reads at each use, and `import net` gives it too. The named imports of ES
// modules follow at `syncBuiltinESMExports`. What is replaced here can be put back, in one go.
import { syncBuiltinESMExports } from 'node:module';

/** Any object whose members are replaced. */
type Members = Record<string | symbol, unknown>;

/** What was there before. */
interface Replaced {
  readonly object: Members;
  readonly name: string | symbol;
  readonly former: PropertyDescriptor | undefined;
}

/** Members that were replaced. */
export class Replacements {
  readonly #replaced: Replaced[] = [];

  /**
   * Puts a value in the place of a member, which keeps what else it is.
   *
   * @param value - of a member that is absent: not enumerable.
   */
  set(object: object, name: string | symbol, value: unknown): void {
    const former = Object.getOwnPropertyDescriptor(object, name);
    const kept = former ?? { configurable: true, enumerable: false };
    this.#replaced.push({ object: object as Members, name, former });
    Object.defineProperty(object, name, { ...kept, value, writable: true });
  }

  /** Notifies the named imports of ES modules. */
  publish(): void {
    syncBuiltinESMExports();
  }

  /** Puts all back as it was. */
  restore(): void {
    for (const { object, name, former } of this.#replaced.toReversed()) {
      if (former === undefined) Reflect.deleteProperty(object, name);
      else Object.defineProperty(object, name, former);
    }
    this.#replaced.length = 0;
    syncBuiltinESMExports();
  }
}
