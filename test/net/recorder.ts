// Handlers that write down their calls, and promises of the next one: tests wait for an event, never
// for a time.
import type { Connection } from '../../src/net/connection/connection.ts';
import type { ConnectionHandlers } from '../../src/net/connection/handlers.ts';

export type EventName = 'open' | 'data' | 'drain' | 'end' | 'close' | 'timeout';

/** Handlers of which none is missing. */
export type EachGiven<Handlers> = { [Name in keyof Handlers]-?: NonNullable<Handlers[Name]> };

export class Recorder {
  readonly events: EventName[] = [];
  readonly errors: (Error | undefined)[] = [];
  readonly connections: Connection[] = [];
  receivedLength = 0;
  readonly #hooks: Partial<ConnectionHandlers>;
  readonly #counts = new Map<EventName, number>();
  #received: Buffer[] = [];
  #waiting: { name: EventName; count: number; resolve: () => void }[] = [];

  constructor(hooks: Partial<ConnectionHandlers> = {}) {
    this.#hooks = hooks;
  }

  get received(): Buffer {
    return Buffer.concat(this.#received);
  }

  count(name: EventName): number {
    return this.#counts.get(name) ?? 0;
  }

  /** Resolves when all `bytes` have come, in however many pieces. */
  async receivedAll(bytes: number): Promise<void> {
    while (this.receivedLength < bytes) await this.called('data', this.count('data') + 1);
  }

  /** Resolves when `name` was called `count` times in all. */
  called(name: EventName, count = 1): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ name, count, resolve });
      this.#settle();
    });
  }

  /** The n-th connection that was opened. */
  async opened(index = 0): Promise<Connection> {
    await this.called('open', index + 1);
    return this.connections[index] as Connection;
  }

  /** The handlers to pass on: those of a recorder, and `close` of one is not `close` of the other. */
  get handlers(): EachGiven<Omit<ConnectionHandlers, 'descriptors' | 'readClosed'>> {
    return {
      open: (connection) => this.#open(connection),
      data: (connection, bytes) => this.#data(connection, bytes),
      drain: (connection) => this.#event('drain', connection),
      end: (connection) => this.#event('end', connection),
      close: (connection, error) => this.#close(connection, error),
      timeout: (connection) => this.#event('timeout', connection),
    };
  }

  /** Destroys what is still open. */
  close(): void {
    for (const connection of this.connections) connection.destroy();
  }

  #open(connection: Connection): void {
    this.connections.push(connection);
    this.#note('open');
    this.#hooks.open?.(connection);
  }

  #data(connection: Connection, bytes: Buffer): void {
    this.#received.push(Buffer.from(bytes));
    this.receivedLength += bytes.length;
    this.#note('data');
    this.#hooks.data?.(connection, bytes);
  }

  #close(connection: Connection, error?: Error): void {
    this.errors.push(error);
    this.#note('close');
    this.#hooks.close?.(connection, error);
  }

  #event(name: 'drain' | 'end' | 'timeout', connection: Connection): void {
    this.#note(name);
    this.#hooks[name]?.(connection);
  }

  #note(name: EventName): void {
    this.events.push(name);
    this.#counts.set(name, this.count(name) + 1);
    this.#settle();
  }

  #settle(): void {
    if (this.#waiting.length === 0) return;
    this.#waiting = this.#waiting.filter(({ name, count, resolve }) => {
      if (this.count(name) < count) return true;
      resolve();
      return false;
    });
  }
}

export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}
