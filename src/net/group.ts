// What connections of one listener, or of one connect call, share: the reactor, the user's
// handlers, the limits, and the handler that the reactor calls for all of them.
import type { AsyncResource } from 'node:async_hooks';
import type { Readiness } from '../interest.ts';
import type { Reactor } from '../reactor.ts';
import type { Handler, Registration } from '../registration.ts';
import type { Connection } from './connection.ts';
import type { ConnectionHandlers } from './handlers.ts';

/** The limits and habits of connections. */
export interface ConnectionSettings {
  readonly trigger: 'level' | 'edge';
  readonly highWaterMark: number;
  readonly lowWaterMark: number;
  readonly queueMax: number;
  readonly allowHalfOpen: boolean;
  readonly idleTimeoutMs: number;
}

/** Counts of one group since it was made. */
export interface ConnectionStats {
  opened: number;
  closed: number;
  bytesRead: number;
  bytesWritten: number;
}

// biome-ignore lint/suspicious/noExplicitAny: a group does not look at the users' data
export type AnyConnection = Connection<any>;

export class ConnectionGroup implements Handler<AnyConnection> {
  readonly reactor: Reactor;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly handlers: ConnectionHandlers<any>;
  readonly settings: ConnectionSettings;
  readonly scope: AsyncResource | undefined;
  readonly connections = new Set<AnyConnection>();
  readonly stats: ConnectionStats = { opened: 0, closed: 0, bytesRead: 0, bytesWritten: 0 };
  /** Called when a connection is gone, before its `close` handler. */
  onGone: () => void = () => undefined;
  #closing: AnyConnection[] = [];

  constructor(
    reactor: Reactor,
    handlers: ConnectionHandlers,
    settings: ConnectionSettings,
    scope: AsyncResource | undefined,
  ) {
    this.reactor = reactor;
    this.handlers = handlers;
    this.settings = settings;
    this.scope = scope;
  }

  onReady(readiness: Readiness, registration: Registration<AnyConnection>): void {
    try {
      registration.data.onReady(readiness);
    } catch (error) {
      // The user's handler threw in the middle of reading: an edge would not come again.
      if (!registration.isClosed) registration.requeue();
      throw error;
    }
  }

  add(connection: AnyConnection): void {
    this.connections.add(connection);
    this.stats.opened++;
  }

  /** `close` handlers run at the end of the turn, never inside a call of the user's. */
  onClosed(connection: AnyConnection, wasAdded: boolean): void {
    if (wasAdded) {
      this.connections.delete(connection);
      this.stats.closed++;
    }
    this.onGone();
    this.#closing.push(connection);
    if (this.#closing.length === 1) this.reactor.defer(this.#tellClosed);
  }

  readonly #tellClosed = (): void => {
    const closing = this.#closing;
    this.#closing = [];
    const { handlers } = this;
    let thrown: unknown;
    for (const connection of closing) {
      try {
        handlers.close?.(connection, connection.error);
      } catch (error) {
        thrown ??= error;
      }
    }
    if (thrown !== undefined) throw thrown;
  };
}
