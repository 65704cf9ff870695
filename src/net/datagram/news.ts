// What a datagram socket has to tell its user beside datagrams: errors, room in the queue, its end.
// It is told at the end of the turn, so that no handler runs inside a call of the user's; when the
// reactor closes, at once: until the end is told, the reactor knows of it.
import type { DatagramSettings, DatagramStats } from './options.ts';
import type { DatagramSocket } from './socket.ts';

/** Errors kept to be told; what comes beyond is only counted. */
const ERRORS_MAX = 64;

export class DatagramNews<Data> {
  readonly #socket: DatagramSocket<Data>;
  readonly #settings: DatagramSettings<Data>;
  readonly #stats: DatagramStats;
  #calls: (() => void)[] = [];
  #errorCount = 0;

  constructor(
    socket: DatagramSocket<Data>,
    settings: DatagramSettings<Data>,
    stats: DatagramStats,
  ) {
    this.#socket = socket;
    this.#settings = settings;
    this.#stats = stats;
  }

  /** @param makeError - not called when there is nobody to be told. */
  addError(makeError: () => Error): void {
    this.#stats.errors++;
    const { handlers } = this.#settings;
    if (handlers.error === undefined || this.#errorCount === ERRORS_MAX) return;
    this.#errorCount++;
    const error = makeError();
    this.#add(() => {
      if (!this.#socket.isClosed) handlers.error?.(this.#socket, error);
    });
  }

  addDrain(): void {
    this.#add(() => {
      if (!this.#socket.isClosed) this.#settings.handlers.drain?.(this.#socket);
    });
  }

  addClose(): void {
    const { reactor, handlers } = this.#settings;
    this.#add(() => {
      reactor.dependents.delete(this);
      handlers.close?.(this.#socket);
    });
  }

  /** The reactor closes: there is no later turn. */
  close(): void {
    this.#socket.close();
    this.#tellAll();
  }

  #add(call: () => void): void {
    this.#calls.push(call);
    const { reactor } = this.#settings;
    if (this.#calls.length === 1 && !reactor.isClosed) reactor.defer(() => this.#tellAll());
  }

  // A handler that throws does not stop the others.
  #tellAll(): void {
    const calls = this.#calls;
    this.#calls = [];
    this.#errorCount = 0;
    const { scope } = this.#settings;
    const thrown: unknown[] = [];
    for (const call of calls) {
      try {
        if (scope === undefined) call();
        else scope.runInAsyncScope(call);
      } catch (error) {
        thrown.push(error);
      }
    }
    if (thrown.length === 1) throw thrown[0];
    if (thrown.length > 1) throw new AggregateError(thrown, 'several handlers of one turn threw');
  }
}
