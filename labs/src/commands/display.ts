// What the grader is doing: one line that is rewritten on a terminal, plain lines elsewhere.
import type { Check } from '../lab.ts';
import type { CheckResult } from '../result.ts';
import { cut } from '../wrap.ts';

const ERASE_LINE = '\r\x1b[K';
const COLUMNS = 80;

type Stream = Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns'>;

/** Of `total` checks. */
export class Display {
  readonly #stream: Stream | undefined;
  readonly #total: number;
  #begun = 0;

  /** @param stream - standard error; undefined: nothing is shown. */
  constructor(stream: Stream | undefined, total: number) {
    this.#stream = stream;
    this.#total = total;
  }

  /** As `grade` calls it: before a check, and after it. */
  readonly onProgress = ({ id, name }: Check, result: CheckResult | undefined): void => {
    if (result !== undefined || this.#stream === undefined) return;
    const text = `${++this.#begun} of ${this.#total}: ${id} ${name}`;
    const { isTTY } = this.#stream;
    const room = columnsOf(this.#stream) - 1;
    this.#stream.write(isTTY ? `${ERASE_LINE}${cut(text, room)}` : `${text}\n`);
  };

  /** Leaves the line empty for what follows. */
  end(): void {
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
