// The module's handlers with counters around them: figures for the main thread (protocol.ts), and
// which handler is running, so that one that blocks can be named.
import type { Connection } from '../net/connection.ts';
import type { ConnectionHandlers } from '../net/handlers.ts';
import { Figure, WATCHED } from './protocol.ts';

type Name = (typeof WATCHED)[number];
type AnyHandler = (connection: Connection<unknown>, argument?: unknown) => void;

export interface CountingHandlers extends ConnectionHandlers {
  /** Connections that are open. */
  readonly openCount: number;
  /** A connection has come from another thread. */
  arrived(): void;
  /** A connection goes to another thread. */
  left(connection: Connection): void;
}

/** @param onEmpty - the last connection has gone. */
export function countingHandlers(
  handlers: ConnectionHandlers,
  figures: Float64Array,
  onEmpty: () => void,
): CountingHandlers {
  let openCount = 0;
  const add = (figure: number, count: number) => {
    figures[figure] = (figures[figure] as number) + count;
  };
  const open = watched(handlers, 'open', figures);
  const close = watched(handlers, 'close', figures);
  const counting: Record<string, AnyHandler> = {
    open(connection) {
      openCount++;
      add(Figure.Opened, 1);
      open?.(connection);
    },
    close(connection, error) {
      openCount--;
      add(Figure.Closed, 1);
      add(Figure.BytesRead, connection.bytesRead);
      add(Figure.BytesWritten, connection.bytesWritten);
      try {
        close?.(connection, error);
      } finally {
        if (openCount === 0) onEmpty();
      }
    },
  };
  for (const name of WATCHED) {
    const handler = watched(handlers, name, figures);
    if (counting[name] === undefined && handler !== undefined) counting[name] = handler;
  }
  const moving = {
    arrived: () => {
      openCount++;
    },
    left: ({ bytesRead, bytesWritten }: Connection) => {
      openCount--;
      add(Figure.BytesRead, bytesRead);
      add(Figure.BytesWritten, bytesWritten);
    },
  };
  return Object.defineProperty(Object.assign(counting, moving), 'openCount', {
    get: () => openCount,
  }) as unknown as CountingHandlers;
}

function watched(
  handlers: ConnectionHandlers,
  name: Name,
  figures: Float64Array,
): AnyHandler | undefined {
  const handler = handlers[name] as AnyHandler | undefined;
  if (handler === undefined) return undefined;
  const mark = WATCHED.indexOf(name) + 1;
  return (connection, argument) => {
    const outer = figures[Figure.Handler] as number; // a handler may run a turn of its own
    figures[Figure.Handler] = mark;
    figures[Figure.Calls] = (figures[Figure.Calls] as number) + 1;
    try {
      handler.call(handlers, connection, argument);
    } finally {
      figures[Figure.Handler] = outer;
    }
  };
}
