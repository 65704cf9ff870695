// What a measurement is doing: one line that is rewritten on a terminal, plain lines elsewhere.
import type { WriteStream } from 'node:tty';

export interface Progress {
  readonly show: (done: number, total: number, name: string) => void;
  /** Leaves the line empty for what follows. */
  readonly end: () => void;
}

const ERASE_LINE = '\r\x1b[K';

/** @param stream - standard error: what is printed on standard output stays clean. */
export function progressOn(stream: Pick<WriteStream, 'write' | 'isTTY'>): Progress {
  const [before, after] = stream.isTTY ? [ERASE_LINE, ''] : ['', '\n'];
  return {
    show: (done, total, name) => {
      stream.write(`${before}round ${done + 1} of ${total}: ${name}${after}`);
    },
    end: () => {
      if (stream.isTTY) stream.write(ERASE_LINE);
    },
  };
}
