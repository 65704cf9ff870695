// The options that listen and connect have in common, checked once and with their defaults.
import { AsyncResource } from 'node:async_hooks';
import { invalidValue } from '../../errors.ts';
import { checkDrive, defaultReactor, type Reactor } from '../../reactor/index.ts';
import { checkFunction, checkHandlers, checkInteger } from '../../validate.ts';
import { ConnectionGroup } from './group.ts';
import type { ConnectionHandlers } from './handlers.ts';

const KIB = 1024;
const HANDLER_NAMES = [
  ...(['open', 'data', 'descriptors', 'drain', 'end', 'close', 'timeout'] as const),
];

/** What every stream connection can be given. */
export interface ConnectionOptions<Data = unknown> {
  readonly handlers: ConnectionHandlers<Data>;
  /** Default: the reactor of this thread ({@link defaultReactor}), attached to Node's loop. */
  readonly reactor?: Reactor;
  /** `'level'`, the default, or `'edge'`. */
  readonly trigger?: 'level' | 'edge';
  /** `write` answers false from so many unsent bytes on. Default 64 KiB. */
  readonly highWaterMark?: number;
  /** `drain` is called when no more than so many are left. Default 16 KiB. */
  readonly lowWaterMark?: number;
  /** Beyond so many unsent bytes the connection is closed. Default 64 MiB. */
  readonly queueMax?: number;
  /** Keep our side open when the peer has ended its own. Default false. */
  readonly allowHalfOpen?: boolean;
  /** `connection.setTimeout` from the start; milliseconds, 0: none. Default 0. */
  readonly idleTimeoutMs?: number;
  /**
   * Take in descriptors that the peers send over Unix sockets, and tell the `descriptors` handler,
   * which must be there. Otherwise the kernel drops them. Default false.
   */
  readonly receiveDescriptors?: boolean;
  /** Keep the async context of this call for the handlers. Default true. */
  readonly asyncContext?: boolean;
}

/** The limits of a queue of unsent bytes. */
export interface QueueLimits {
  readonly highWaterMark: number;
  readonly lowWaterMark: number;
  readonly queueMax: number;
}

export function queueLimits(options: Partial<QueueLimits>): QueueLimits {
  const count = (name: string, value: unknown) =>
    checkInteger(name, value, 0, Number.MAX_SAFE_INTEGER);
  const highWaterMark = count('highWaterMark', options.highWaterMark ?? 64 * KIB);
  const lowWaterMark = options.lowWaterMark ?? Math.min(16 * KIB, highWaterMark);
  return {
    highWaterMark,
    lowWaterMark: count('lowWaterMark', lowWaterMark),
    queueMax: count('queueMax', options.queueMax ?? 64 * KIB * KIB),
  };
}

/**
 * Whether descriptors are to be taken in.
 *
 * @throws TypeError - they cannot, or nobody is there to be told.
 */
export function receivesDescriptors(
  options: { receiveDescriptors?: boolean; handlers: { descriptors?: unknown } },
  isUnix: boolean,
  other: 'TCP' | 'UDP',
): boolean {
  const { receiveDescriptors, handlers } = options;
  if (receiveDescriptors !== true) return false;
  if (!isUnix) throw invalidValue('receiveDescriptors', `absent for ${other}`, true);
  checkFunction('handlers.descriptors', handlers.descriptors);
  return true;
}

/**
 * Makes the group of a listen or connect call.
 *
 * @param isUnix - whether its connections are those of Unix sockets.
 * @throws TypeError, RangeError - an option of the wrong kind. ClosedError - the reactor is closed.
 */
export function groupOf<Data>(options: ConnectionOptions<Data>, isUnix: boolean): ConnectionGroup {
  const { handlers, reactor = defaultReactor(), trigger = 'level' } = options;
  checkHandlers(handlers, HANDLER_NAMES);
  checkDrive(reactor, trigger);
  const settings = {
    trigger,
    ...queueLimits(options),
    allowHalfOpen: options.allowHalfOpen === true,
    idleTimeoutMs: checkInteger('idleTimeoutMs', options.idleTimeoutMs ?? 0, 0, 0x7fffffff),
    isUnix,
    receivesDescriptors: receivesDescriptors(options, isUnix, 'TCP'),
  };
  const scope =
    options.asyncContext === false ? undefined : new AsyncResource('EDGEWISE_CONNECTIONS');
  return new ConnectionGroup(reactor, handlers as ConnectionHandlers, settings, scope);
}
