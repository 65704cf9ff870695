// The options that listen and connect have in common, checked once and with their defaults.
import { AsyncResource } from 'node:async_hooks';
import { invalidValue } from '../../errors.ts';
import { queueLimits } from '../../flow/write-queue.ts';
import { checkDrive, defaultReactor, type Reactor } from '../../reactor/index.ts';
import { checkFunction, checkHandlers, checkInteger } from '../../validate.ts';
import { receivesDescriptors } from '../socket/descriptor-passing.ts';
import { type AnyConnection, ConnectionGroup } from './group.ts';
import type { ConnectionHandlers } from './handlers.ts';

const HANDLER_NAMES = [
  'open',
  'data',
  'descriptors',
  'drain',
  'end',
  'readClosed',
  'close',
  'timeout',
] as const;

/** The options of {@link ConnectionOptions}. */
export const CONNECTION_OPTIONS = {
  createData: true,
  handlers: true,
  reactor: true,
  trigger: true,
  highWaterMark: true,
  lowWaterMark: true,
  queueBytesMax: true,
  allowHalfOpen: true,
  idleTimeoutMs: true,
  receiveDescriptors: true,
  keepsAlive: true,
  asyncContext: true,
} satisfies Record<keyof ConnectionOptions, true>;

/** What every stream connection can be given. */
export interface ConnectionOptions<Data = unknown> {
  /**
   * Makes `connection.data`: called once for each connection, before any handler, with the connection
   * that is not open yet. Without it `data` is undefined until it is set. Name it before `handlers`,
   * so that they know its type.
   */
  readonly createData?: ((connection: AnyConnection) => Data) | undefined;
  /** What is called for each connection; one object for all of them. */
  readonly handlers: ConnectionHandlers<Data>;
  /** Default: the reactor of this thread ({@link defaultReactor}), attached to Node's loop. */
  readonly reactor?: Reactor | undefined;
  /** `'level'`, the default, or `'edge'`. */
  readonly trigger?: 'level' | 'edge' | undefined;
  /** `write` returns false from so many unsent bytes on. Default 64 KiB. */
  readonly highWaterMark?: number | undefined;
  /** `drain` is called when no more than so many are left. Default 16 KiB. */
  readonly lowWaterMark?: number | undefined;
  /** Beyond so many unsent bytes the connection is closed. Default 64 MiB. */
  readonly queueBytesMax?: number | undefined;
  /** Keep our side open when the peer has ended its own. Default false. */
  readonly allowHalfOpen?: boolean | undefined;
  /** `connection.setTimeout` from the start; milliseconds, 0: none. Default 0. */
  readonly idleTimeoutMs?: number | undefined;
  /**
   * What keeps the reactor alive, unless `unref`: that a connection is open (`'open'`, the default),
   * or, as in libuv, that it is connecting or reads (`'active'`): it is not paused, and the peer has
   * not ended; a name is looked up by something that keeps Node's loop alive by itself. What waits to
   * be sent keeps it alive in any case.
   */
  readonly keepsAlive?: 'open' | 'active' | undefined;
  /**
   * Receive descriptors that the peers send over Unix sockets, and call the `descriptors` handler,
   * which is required then. Otherwise the kernel drops them. Default false.
   */
  readonly receiveDescriptors?: boolean | undefined;
  /** Keep the async context of this call for the handlers. Default true. */
  readonly asyncContext?: boolean | undefined;
}

function checkKeepsAlive(value: unknown): 'open' | 'active' {
  if (value === 'open' || value === 'active') return value;
  throw invalidValue('keepsAlive', "'open' or 'active'", value);
}

/**
 * Makes the group of a listen or connect call.
 *
 * @param isUnix - its connections are those of Unix sockets.
 * @throws TypeError, RangeError - an option of the wrong kind. ClosedError - the reactor is closed.
 */
export function groupOf<Data>(options: ConnectionOptions<Data>, isUnix: boolean): ConnectionGroup {
  const { createData, handlers, reactor = defaultReactor(), trigger = 'level' } = options;
  if (createData !== undefined) checkFunction('createData', createData);
  checkHandlers(handlers, HANDLER_NAMES);
  checkDrive(reactor, trigger);
  reactor.lintNames('handlers', handlers, HANDLER_NAMES);
  const settings = {
    trigger,
    ...queueLimits(options),
    allowHalfOpen: options.allowHalfOpen === true,
    keepsAlive: checkKeepsAlive(options.keepsAlive ?? 'open'),
    idleTimeoutMs: checkInteger('idleTimeoutMs', options.idleTimeoutMs ?? 0, 0, 0x7fffffff),
    isUnix,
    createData,
    receivesDescriptors: receivesDescriptors(options, isUnix, 'TCP'),
  };
  const scope =
    options.asyncContext === false ? undefined : new AsyncResource('EDGEWISE_CONNECTIONS');
  return new ConnectionGroup(reactor, handlers as ConnectionHandlers, settings, scope);
}
