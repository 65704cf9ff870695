// What the grader is doing: one line that is rewritten on a terminal; elsewhere, where each line stays, at
// most one in five seconds.
import type { Check } from '../lab.ts';
import type { CheckResult } from '../result.ts';
import { cut } from '../wrap.ts';

const ERASE_LINE = '\r\x1b[K';
const COLUMNS = 80;
/** Between two lines where each stays, as in the log of a build. */
const PAUSE_MS = 5000;

type Stream = Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns'>;

/** Of `total` checks. */
export class Display {
  readonly #stream: Stream | undefined;
  readonly #total: number;
  #begun = 0;
  #shownAt = Number.NEGATIVE_INFINITY;
  #pending: NodeJS.Timeout | undefined;
  #latest = '';

  /** @param stream - standard error; undefined: nothing is shown. */
  constructor(stream: Stream | undefined, total: number) {
    this.#stream = stream;
    this.#total = total;
  }

  /** As `grade` calls it: before a check, and after it. */
  readonly onProgress = ({ id, name }: Check, result: CheckResult | undefined): void => {
    if (result !== undefined || this.#stream === undefined) return;
    const text = `${++this.#begun} of ${this.#total}: ${id} ${name}`;
    const room = columnsOf(this.#stream) - 1;
    if (this.#stream.isTTY) this.#stream.write(`${ERASE_LINE}${cut(text, room)}`);
    else this.#space(text);
  };

  // The last line of each five seconds, and the first one at once.
  #space(text: string): void {
    this.#latest = text;
    const left = this.#shownAt + PAUSE_MS - performance.now();
    if (left <= 0) this.#flush();
    else this.#pending ??= setTimeout(() => this.#flush(), left).unref();
  }

  #flush(): void {
    clearTimeout(this.#pending);
    this.#pending = undefined;
    this.#shownAt = performance.now();
    this.#stream?.write(`${this.#latest}\n`);
  }

  /** Leaves the line empty for what follows. */
  end(): void {
    clearTimeout(this.#pending);
    this.#pending = undefined;
    if (this.#stream?.isTTY) this.#stream.write(ERASE_LINE);
  }
}

/** Whether a stream wants colours: a terminal does. no-color.org. */
export function hasColor(stream: Pick<NodeJS.WriteStream, 'isTTY'>): boolean {
  return stream.isTTY === true && (process.env.NO_COLOR ?? '') === '';
}

/** How wide text may be: that of the terminal up to 100, 80 elsewhere. */
export function columnsOf({
  isTTY,
  columns,
}: Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>): number {
  // A terminal without a size has 0.
  return isTTY && columns ? Math.max(40, Math.min(columns, 100)) : COLUMNS;
}
