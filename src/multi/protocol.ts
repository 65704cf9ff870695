// What the main thread and the thread of a sub-reactor send each other: messages by `postMessage`,
// which are few, and figures in shared memory, which are written for every connection. Descriptors go
// through the sub-reactor's mailbox, as numbers.
import type { Method } from '../method.ts';
import type {
  Connection,
  ConnectionHandlers,
  ConnectionOptions,
  ConnectionSnapshot,
  ProxyOptions,
  TcpOptions,
} from '../net/index.ts';
import type { MailboxAddress } from './mailbox.ts';

/** Options of the connections of a pool: those of `listen` that do not belong to one thread. */
export interface PoolConnectionOptions
  extends Omit<
      ConnectionOptions,
      'handlers' | 'createData' | 'reactor' | 'asyncContext' | 'receiveDescriptors'
    >,
    Omit<ProxyOptions, 'onProxyError'> {
  /** As for `listen`. */
  readonly tcp?: TcpOptions | undefined;
}

/** Options of the connections of one thread: with what cannot be sent to a thread. */
export type SubReactorOptions = PoolConnectionOptions & Pick<ProxyOptions, 'onProxyError'>;

/** What the module's `start` gets. */
export interface SubReactorContext {
  /** From 0 to the pool's size - 1; a restarted thread keeps its number. */
  readonly index: number;
  /** The option `data` of the pool. */
  readonly data: unknown;
  /**
   * Moves a connection to another sub-reactor, with the bytes that wait to be sent and those that wait
   * to be read. It is closed here (`isHandedOver`), and no `close` is called; there the module's `adopt`
   * is called. When that sub-reactor cannot take it, it comes back.
   *
   * @param to - the index of another sub-reactor.
   * @param data - a copy of it becomes `connection.data`: what structured clone takes.
   * @throws EdgewiseError - the connection stays: ERR_HANDOVER_FAILED: it has a file, descriptors or zero-copy
   *   memory to send, is relayed, or is being closed. ERR_MESSAGE_UNSUPPORTED: `data` cannot be
   *   cloned. ERR_CLOSED: the pool is closing, `start` has not returned, or the connection is closed.
   *   ERR_HANDED_OVER: it has been already.
   * @throws TypeError, RangeError - no connection of the pool on this thread; no sub-reactor of that
   *   number, or this one.
   */
  handOver(connection: Connection, to: number, data?: unknown): void;
}

/** What the module of a pool exports. */
export interface SubReactorModule<Data = unknown> {
  /** The handlers of all its connections. */
  readonly handlers: ConnectionHandlers<Data>;
  /** A connection has come from another sub-reactor, or back: called in place of `open`. */
  adopt?: Method<[connection: Connection<Data>]> | undefined;
  /** For all its connections; the pool's option `connection` overrides them. */
  readonly options?: SubReactorOptions | undefined;
  /** Called, and waited for, before the first connection. */
  start?: Method<[context: SubReactorContext], void | Promise<void>> | undefined;
}

/** A connection on its way between threads; `data` as `v8.serialize` encodes it. */
export interface Move extends ConnectionSnapshot {
  readonly fd: number;
  readonly to: number;
  readonly data: Uint8Array;
}

/** What the thread of a sub-reactor starts with. */
export interface SubReactorData extends Omit<SubReactorContext, 'handOver'> {
  readonly size: number;
  readonly module: string;
  readonly connection: PoolConnectionOptions;
  readonly figures: SharedArrayBuffer;
}

/** Messages to the thread of a sub-reactor. */
export type ToSubReactor =
  | { readonly type: 'listen'; readonly fd: number; readonly isExclusive: boolean }
  | { readonly type: 'report' }
  | { readonly type: 'adopt'; readonly move: Move }
  | { readonly type: 'moved' }
  | { readonly type: 'drain'; readonly timeoutMs: number };

/** How messages from the thread of a sub-reactor are sent: its module may post what it likes beside. */
export interface Envelope {
  readonly subReactor: FromSubReactor;
}

/** Messages from the thread of a sub-reactor. */
export type FromSubReactor =
  | { readonly type: 'loaded' }
  | { readonly type: 'ready'; readonly owner: number; readonly mailbox: MailboxAddress }
  | { readonly type: 'failed'; readonly isModule: boolean; readonly error: unknown }
  | { readonly type: 'report'; readonly bytesRead: number; readonly bytesWritten: number }
  | { readonly type: 'handOver'; readonly move: Move }
  | { readonly type: 'drained' };

/** Places in the figures of a sub-reactor: written by its thread, read by the main one. */
export const Figure = {
  /** Connections that it has begun to serve. */
  Opened: 0,
  Closed: 1,
  /** Of those that are closed. */
  BytesRead: 2,
  BytesWritten: 3,
  /** Which handler runs, 1 + its place in {@link WATCHED}; 0: none. */
  Handler: 4,
  /** Counts calls of handlers. */
  Calls: 5,
} as const;
/** Bytes of the figures. */
export const FIGURES_SIZE = 6 * 8;

/** The handlers that are watched for blocking. */
export const WATCHED = ['open', 'data', 'drain', 'end', 'close', 'timeout', 'adopt'] as const;
