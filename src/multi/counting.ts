// The module's handlers with counters around them: figures for the main thread (protocol.ts), and
// which handler is running, so that one that blocks can be named.
import type { AnyConnection, ConnectionHandlers } from '../net/index.ts';
import { Figure, type SubReactorModule, WATCHED } from './protocol.ts';

type Name = (typeof WATCHED)[number];
type AnyHandler = (connection: AnyConnection, argument?: unknown) => void;

interface Bytes {
  readonly read: number;
  readonly written: number;
}

const NO_BYTES: Bytes = { read: 0, written: 0 };

/** Counts the connections of a thread, and what is read and written on it. */
export class Counting {
  /** The handlers for connections. */
  readonly handlers: ConnectionHandlers;
  readonly #module: SubReactorModule;
  readonly #figures: Float64Array;
  readonly #adopt: AnyHandler | undefined;
  /** Of connections from other threads: what they had read and written before. */
  readonly #before = new WeakMap<AnyConnection, Bytes>();
  readonly #onEmpty: () => void;
  #openCount = 0;

  /** @param onEmpty - called when the last connection has gone. */
  constructor(module: SubReactorModule, figures: Float64Array, onEmpty: () => void) {
    this.#module = module;
    this.#figures = figures;
    this.#onEmpty = onEmpty;
    this.#adopt = this.#watched('adopt');
    const open = this.#watched('open');
    const close = this.#watched('close');
    const handlers: Partial<Record<Name, AnyHandler>> = {
      open: (connection) => {
        this.#openCount++;
        this.#add(Figure.Opened, 1);
        open?.(connection);
      },
      close: (connection, error) => {
        this.#add(Figure.Closed, 1);
        this.left(connection);
        try {
          close?.(connection, error);
        } finally {
          if (this.#openCount === 0) this.#onEmpty();
        }
      },
    };
    for (const name of WATCHED) {
      const handler = name === 'adopt' ? undefined : this.#watched(name);
      if (handler !== undefined) handlers[name] ??= handler;
    }
    this.handlers = handlers;
  }

  /** Count of open connections. */
  get openCount(): number {
    return this.#openCount;
  }

  /** Calls `establish` for a connection that the main thread counts already: it counts here too. */
  serve(establish: () => void): void {
    const opened = this.#figures[Figure.Opened] as number;
    establish();
    if (this.#figures[Figure.Opened] !== opened) return;
    this.#add(Figure.Opened, 1); // it could not be watched, and no handler was called
    this.#add(Figure.Closed, 1);
  }

  /** A connection has come from another thread. */
  arrived(connection: AnyConnection): void {
    this.#openCount++;
    const { bytesRead: read, bytesWritten: written } = connection;
    this.#before.set(connection, { read, written });
  }

  /** One that has arrived can be used. */
  adopt(connection: AnyConnection): void {
    this.#adopt?.(connection);
  }

  /** A connection leaves, to another thread or for good. */
  left(connection: AnyConnection): void {
    this.#openCount--;
    const { read, written } = this.bytesOf(connection);
    this.#add(Figure.BytesRead, read);
    this.#add(Figure.BytesWritten, written);
  }

  /** What a connection has read and written on this thread. */
  bytesOf(connection: AnyConnection): Bytes {
    const before = this.#before.get(connection) ?? NO_BYTES;
    return {
      read: connection.bytesRead - before.read,
      written: connection.bytesWritten - before.written,
    };
  }

  #add(figure: number, count: number): void {
    this.#figures[figure] = (this.#figures[figure] as number) + count;
  }

  #watched(name: Name): AnyHandler | undefined {
    const owner = name === 'adopt' ? this.#module : this.#module.handlers;
    const handler = (owner as Partial<Record<Name, AnyHandler>>)[name];
    if (handler === undefined) return undefined;
    const mark = WATCHED.indexOf(name) + 1;
    const figures = this.#figures;
    return (connection, argument) => {
      const outer = figures[Figure.Handler] as number; // a handler may run a turn of its own
      figures[Figure.Handler] = mark;
      figures[Figure.Calls] = (figures[Figure.Calls] as number) + 1;
      try {
        handler.call(owner, connection, argument);
      } finally {
        figures[Figure.Handler] = outer;
      }
    };
  }
}
