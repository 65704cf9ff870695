// Names of simulated hosts, and their addresses.
import { isIP } from 'node:net';

/** The hosts of a simulation; each name gets the next address of 10.0.0.0/8. */
export class Hosts {
  readonly #addresses = new Map<string, string>([['localhost', '127.0.0.1']]);

  /** The address of a name, which is made up when it is new. */
  addressOf(name: string): string {
    if (isIP(name) !== 0) return name;
    const known = this.#addresses.get(name);
    if (known !== undefined) return known;
    const number = this.#addresses.size;
    const address = `10.0.${number >> 8}.${number & 255}`;
    this.#addresses.set(name, address);
    return address;
  }

  /** The address of a name that is known. */
  find(name: string): string | undefined {
    return isIP(name) === 0 ? this.#addresses.get(name) : name;
  }
}
