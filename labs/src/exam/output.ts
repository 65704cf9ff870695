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

  /** Why it has ended, as Node prints it: where, and which error; else its last lines. */
  lastWords(count: number): string {
    return lastWordsOf(this.#text, count);
  }

  /** Its last lines, for a message. */
  lastLines(count: number): string {
    return this.#text.trimEnd().split('\n').slice(-count).join('\n');
  }
}

/** Of what a program of Node has printed: where it was and which error it was, or its last lines. */
export function lastWordsOf(text: string, count: number): string {
  const lines = text.trimEnd().split('\n');
  const at = lines.findIndex((line) => /^(Uncaught )?\w*(Error|Exception)\b/.test(line));
  if (at < 0) return lines.slice(-count).join('\n');
  const where = lines.slice(0, at).filter((line) => /^(file:\/\/)?\/\S+:\d+$/.test(line));
  const stack = lines.slice(at).filter((line) => !/\(?node:|^Node\.js v|^$/.test(line));
  return [...where.slice(-1), ...stack].slice(0, count).join('\n');
}
