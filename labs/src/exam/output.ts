// What a program prints: the first of it is kept, all of it is counted, and more than a bound ends the trial.
import type { Readable } from 'node:stream';

/** A program that prints more has gone wrong; the most that is kept of it. */
export const OUTPUT_MAX = 1024 * 1024;
const KEPT_MAX = 64 * 1024;

export class Output {
  #text = '';
  #length = 0;

  /** @param onText - called after each piece; `onFlood` when there was too much. */
  constructor(stream: Readable, onText: () => void, onFlood: () => void) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      if (this.#text.length < KEPT_MAX) this.#text += text.slice(0, KEPT_MAX - this.#text.length);
      const before = this.#length;
      this.#length += text.length;
      if (before <= OUTPUT_MAX && this.#length > OUTPUT_MAX) onFlood();
      onText();
    });
  }

  /** The first 64 KB. */
  get text(): string {
    return this.#text;
  }

  /** Its last lines, for a message. */
  lastLines(count: number): string {
    return this.#text.trimEnd().split('\n').slice(-count).join('\n');
  }
}
