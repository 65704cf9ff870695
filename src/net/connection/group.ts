// What connections of one listener, or of one connect call, share: the reactor, the user's
// handlers, the limits, and the handler that the reactor calls for all of them.
import type { AsyncResource } from 'node:async_hooks';
import { channels } from '../../diagnostics.ts';
import { ClosedError } from '../../errors.ts';
import { DeferredCalls } from '../../flow/deferred-calls.ts';
import type { QueueLimits } from '../../flow/write-queue.ts';
import { Interest, type Readiness } from '../../poller/index.ts';
import type { Handler, Reactor, Registration, Timer } from '../../reactor/index.ts';
import type { Connection } from './connection.ts';
import type { ConnectionHandlers } from './handlers.ts';

/** The limits and habits of connections. */
export interface ConnectionSettings extends QueueLimits {
  readonly trigger: 'level' | 'edge';
  readonly allowHalfOpen: boolean;
  readonly idleTimeoutMs: number;
  readonly keepsAlive: 'open' | 'active';
  /** Unix sockets: they can pass descriptors. */
  readonly isUnix: boolean;
  readonly receivesDescriptors: boolean;
  /** Makes `data` of a connection. */
  readonly createData: ((connection: AnyConnection) => unknown) | undefined;
}

/** Counts of one group since it was made. */
export interface ConnectionStats {
  /** Connections that were opened. */
  opened: number;
  /** Of these, those that are closed. */
  closed: number;
  /** Bytes that were received. */
  bytesRead: number;
  /** Bytes that the kernel has taken. */
  bytesWritten: number;
  /** Calls of `writeZeroCopy` that are done. */
  zeroCopyWrites: number;
  /** Of these, those that the kernel copied all the same. */
  zeroCopyCopied: number;
}

/** A connection, whatever is kept with it. */
// biome-ignore lint/suspicious/noExplicitAny: a group does not look at the users' data
export type AnyConnection = Connection<any>;

/** A driver reads when the program asks it to, and remembers an edge until then. */
const LINT_IGNORE = ['EDGEWISE_UNDRAINED', 'EDGEWISE_SHORT_READ_TAKEN_AS_DRAINED'] as const;

/** What connections of one listener, or of one connect call, share. */
export class ConnectionGroup implements Handler<AnyConnection> {
  readonly reactor: Reactor;
  // biome-ignore lint/suspicious/noExplicitAny: as the type above
  readonly handlers: ConnectionHandlers<any>;
  readonly settings: ConnectionSettings;
  readonly scope: AsyncResource | undefined;
  readonly lintIgnore = LINT_IGNORE;
  /** What a paused connection waits for. */
  readonly pausedInterest: Interest;
  /** Those that are open, and the one that `connect` is working on. */
  readonly connections = new Set<AnyConnection>();
  /** The listener, as long as it listens. */
  opener: { readonly fd: number; close(): void } | undefined;
  /** What waits for headers of a proxy, and is to make connections of this group. */
  incoming: { readonly size: number; destroy(): void } | undefined;
  /** Called when a connection is gone, before its `close` handler. */
  onGone: () => void = () => undefined;
  /** Counted by zero-copy.ts. */
  readonly zeroCopy = { writes: 0, copied: 0 };
  #deferred: DeferredCalls | undefined = undefined; // made when first needed
  #whenClosed: Map<AnyConnection, PromiseWithResolve> | undefined = undefined;
  #opened = 0;
  readonly #gone = { closed: 0, bytesRead: 0, bytesWritten: 0 };

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
    const canWatch = (reactor.capabilities.interests & Interest.ReadClosed) !== 0;
    const isWanted = handlers.readClosed !== undefined && canWatch;
    this.pausedInterest = isWanted ? Interest.ReadClosed : Interest.None;
    reactor.dependents.add(this);
  }

  get stats(): ConnectionStats {
    let { bytesRead, bytesWritten } = this.#gone;
    for (const connection of this.connections) {
      bytesRead += connection.bytesRead;
      bytesWritten += connection.bytesWritten;
    }
    const { writes: zeroCopyWrites, copied: zeroCopyCopied } = this.zeroCopy;
    const counts = { opened: this.#opened, closed: this.#gone.closed, bytesRead, bytesWritten };
    return { ...counts, zeroCopyWrites, zeroCopyCopied };
  }

  /** Calls back in the async context of the `listen` or `connect` call. */
  inScope(callback: () => void): void {
    if (this.scope === undefined) callback();
    else this.scope.runInAsyncScope(callback);
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    return this.reactor.setTimeout(() => this.inScope(callback), delayMs);
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

  queuedBytes(registration: Registration<AnyConnection>): number | undefined {
    return registration.data.queuedBytes;
  }

  /** The connection is established. */
  add(connection: AnyConnection): void {
    this.connections.add(connection);
    this.#opened++;
    if (channels.connectionOpen.hasSubscribers) channels.connectionOpen.publish({ connection });
  }

  /** `close` handlers run at the end of the turn, never inside a call of the user's. */
  onClosed(connection: AnyConnection, wasOpen: boolean): void {
    const isKnown = this.connections.has(connection);
    this.#forget(connection, wasOpen);
    // Not called when it was accepted, but closed before `open`.
    if (isKnown && this.handlers.close !== undefined) {
      this.#deferredCalls().addLast(() => this.#reportClosed(connection));
    } else {
      this.#settleClosed(connection);
      this.leaveIfIdle();
    }
    this.onGone();
  }

  /** Another thread serves it: it is gone from here, and `close` is not called. */
  release(connection: AnyConnection): void {
    this.#forget(connection, true);
    this.#settleClosed(connection);
    this.onGone();
  }

  #forget(connection: AnyConnection, wasOpen: boolean): void {
    this.connections.delete(connection);
    if (wasOpen) this.#gone.closed++;
    this.#gone.bytesRead += connection.bytesRead;
    this.#gone.bytesWritten += connection.bytesWritten;
    if (wasOpen && channels.connectionClose.hasSubscribers) {
      channels.connectionClose.publish({ connection, error: connection.error });
    }
  }

  /** Calls back at the end of the turn, before the `close` handlers of that time. */
  defer(callback: () => void): void {
    this.#deferredCalls().add(callback);
  }

  /** Resolves when the connection was closed and `close` was called, which has not been so far. */
  whenClosed(connection: AnyConnection): Promise<void> {
    this.#whenClosed ??= new Map();
    const known = this.#whenClosed.get(connection);
    if (known !== undefined) return known.promise;
    let resolve!: () => void;
    const promise = new Promise<void>((settle) => {
      resolve = settle;
    });
    this.#whenClosed.set(connection, { promise, resolve });
    return promise;
  }

  /** Lets the reactor forget the group when nothing can happen in it any more. */
  leaveIfIdle(): void {
    if (this.opener !== undefined || this.connections.size > 0) return;
    if (this.incoming !== undefined && this.incoming.size > 0) return;
    if (this.#deferred?.isEmpty !== false) this.reactor.dependents.delete(this);
  }

  /** The reactor closes: no later turn would report the end of these connections. */
  close(): void {
    this.opener?.close();
    this.incoming?.destroy();
    const error = new ClosedError('the Reactor');
    for (const connection of [...this.connections]) connection.destroy(error);
    this.#deferredCalls().run();
  }

  #deferredCalls(): DeferredCalls {
    this.#deferred ??= new DeferredCalls(this.reactor, this.scope, () => this.leaveIfIdle());
    return this.#deferred;
  }

  #reportClosed(connection: AnyConnection): void {
    try {
      this.handlers.close?.(connection, connection.error);
    } finally {
      this.#settleClosed(connection);
    }
  }

  #settleClosed(connection: AnyConnection): void {
    connection.onCloseReported();
    this.#whenClosed?.get(connection)?.resolve();
    this.#whenClosed?.delete(connection);
  }
}

interface PromiseWithResolve {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}
