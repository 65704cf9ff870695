// The server: one set of handlers for all connections, a Session for each, and an end in good order.
import { accessSync, constants, realpathSync } from 'node:fs';
import { type Connection, type ConnectionHandlers, type Listener, listen, Reactor } from 'edgewise';
import { HIGH_WATER_MARK, Session } from './session.ts';

export interface FileServerOptions {
  /** The folder that is served. */
  readonly folder: string;
  readonly host?: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** A connection is closed when nothing happens on it for so long. */
  readonly idleMs?: number;
  /** A request's head must be whole so long after its first byte. */
  readonly headMs?: number;
}

/** How long answers that are under way may take when the server is closed. */
const GRACE_MS = 5_000;

const handlers: ConnectionHandlers<Session> = {
  data: (connection, bytes) => connection.data.receive(bytes),
  drain: (connection) => connection.data.onDrain(),
  end: (connection) => connection.data.onEnd(),
  timeout: (connection) => connection.data.onTimeout(),
  close: (connection) => connection.data.onClose(),
};

/** Serves a folder from the moment that it is made; `run` lives as long as it does. */
export class FileServer {
  readonly #reactor: Reactor;
  readonly #listener: Listener<Session>;

  /** @throws ErrnoError - as `listen`. Error - ENOENT, ENOTDIR, EACCES: not a folder to be read. */
  constructor({ folder, host, port = 0, idleMs = 15_000, headMs = 10_000 }: FileServerOptions) {
    const root = realpathSync(folder);
    accessSync(`${root}/.`, constants.R_OK | constants.X_OK); // the dot: it is a folder
    this.#reactor = new Reactor();
    const options = { root, headMs, reactor: this.#reactor };
    try {
      this.#listener = listen<Session>({
        host: host ?? '127.0.0.1',
        port,
        reactor: this.#reactor,
        allowHalfOpen: true, // a client may end its side and still wait for the answer
        idleTimeoutMs: idleMs,
        highWaterMark: HIGH_WATER_MARK,
        createData: (connection) => new Session(connection, options),
        handlers,
      });
    } catch (error) {
      this.#reactor.close();
      throw error;
    }
  }

  get port(): number {
    return this.#listener.port;
  }

  get connections(): ReadonlySet<Connection<Session>> {
    return this.#listener.connections;
  }

  /** Resolves when the server is closed and its last connection has gone. */
  async run(): Promise<void> {
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      this.#reactor.onSignal(name, () => this.close());
    }
    await this.#reactor.run();
    this.#reactor.close();
  }

  /** Stops listening, and lets the answers that are under way end; the second time, at once. */
  close(): void {
    if (this.#listener.isClosed) {
      this.#reactor.stop();
      return;
    }
    this.#listener.close();
    for (const connection of this.connections) connection.data.finish();
    this.#reactor.setTimeout(() => this.#reactor.stop(), GRACE_MS).unref();
  }
}
