// What the main thread and the thread of a sub-reactor tell each other: messages of node's own, which
// are few, and figures in shared memory, which are written for every connection. Descriptors come by
// the sub-reactor's mailbox, as numbers.
import type { ConnectionHandlers } from '../net/handlers.ts';
import type { ConnectionOptions } from '../net/settings.ts';
import type { TcpOptions } from '../net/tcp.ts';
import type { MailboxAddress } from './mailbox.ts';

/** What connections of a pool can be given: as for `listen`, without what is of one thread. */
export interface PoolConnectionOptions
  extends Omit<ConnectionOptions, 'handlers' | 'reactor' | 'asyncContext' | 'receiveDescriptors'> {
  readonly tcp?: TcpOptions;
}

/** What a sub-reactor's thread is told about itself. */
export interface SubReactorContext {
  /** From 0 to the pool's size - 1; a thread that is started anew keeps its number. */
  readonly index: number;
  /** What the pool was given as `data`. */
  readonly data: unknown;
}

/** What the module of a pool exports. */
export interface SubReactorModule {
  readonly handlers: ConnectionHandlers;
  /** For all its connections; those of the pool's `connection` come before. */
  readonly options?: PoolConnectionOptions;
  /** Called, and waited for, before the first connection. */
  start?(context: SubReactorContext): void | Promise<void>;
}

export interface SubReactorData extends SubReactorContext {
  readonly module: string;
  readonly connection: PoolConnectionOptions;
  readonly figures: SharedArrayBuffer;
}

export type ToSubReactor =
  | { readonly type: 'listen'; readonly fd: number; readonly isExclusive: boolean }
  | { readonly type: 'report' }
  | { readonly type: 'drain'; readonly deadlineMs: number };

export type FromSubReactor =
  | { readonly type: 'ready'; readonly owner: number; readonly mailbox: MailboxAddress }
  | { readonly type: 'failed'; readonly isModule: boolean; readonly error: unknown }
  | { readonly type: 'report'; readonly bytesRead: number; readonly bytesWritten: number }
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
export const FIGURES_SIZE = 6 * 8;

/** The handlers that are watched for blocking. */
export const WATCHED = ['open', 'data', 'drain', 'end', 'close', 'timeout'] as const;
