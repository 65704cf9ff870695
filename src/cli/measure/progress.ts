// What a long task is doing: one line that is rewritten on a terminal; elsewhere, where each line stays,
// at most one in five seconds.
import type { WriteStream } from 'node:tty';

export interface Progress {
  readonly show: (line: string) => void;
  /** Leaves the line empty for what follows; what was not shown yet is dropped. */
  readonly end: () => void;
}

const ERASE_LINE = '\r\x1b[K';
const COLUMNS = 80;
/** Between two lines where each stays, as in a log. */
const PAUSE_MS = 5000;

/** @param stream - standard error: what is printed on standard output stays clean. */
export function progressOn(
  stream: Pick<WriteStream, 'write' | 'isTTY'> & { readonly columns?: number },
): Progress {
  return stream.isTTY ? rewritten(stream) : spaced((line) => void stream.write(`${line}\n`));
}

function rewritten(stream: Pick<WriteStream, 'write'> & { readonly columns?: number }): Progress {
  return {
    show: (line) => {
      // A line that is broken cannot be erased. A terminal without a size has 0 columns.
      const room = (stream.columns || COLUMNS) - 1;
      stream.write(ERASE_LINE + (line.length > room ? `${line.slice(0, room - 1)}…` : line));
    },
    end: () => void stream.write(ERASE_LINE),
  };
}

/** The last line of each five seconds, and the first one at once. */
function spaced(write: (line: string) => void): Progress {
  let shownAt = Number.NEGATIVE_INFINITY;
  let pending: NodeJS.Timeout | undefined;
  let latest = '';
  const flush = () => {
    clearTimeout(pending);
    pending = undefined;
    shownAt = performance.now();
    write(latest);
  };
  return {
    show: (line) => {
      latest = line;
      const left = shownAt + PAUSE_MS - performance.now();
      if (left <= 0) flush();
      else pending ??= setTimeout(flush, left).unref();
    },
    end: () => {
      clearTimeout(pending);
      pending = undefined;
    },
  };
}
