// What an operation takes beside its subject and its handler. An operation reads its options once,
// when it is submitted: one object can serve any number of operations.
import type { SocketAddress } from '../address.ts';
import { checkObject } from '../validate.ts';
import type { CompletionHandler } from './operation.ts';

/** Options of every operation. */
export interface OperationOptions<Data = unknown> {
  /** Handed to the handler as its last argument, so that one function serves all connections. */
  readonly data?: Data | undefined;
}

/** Options of `accept`. */
export interface AcceptOptions<Data = unknown> extends OperationOptions<Data> {
  /** Filled with the peer's address; it belongs to the operation until that completes. */
  readonly from?: SocketAddress | undefined;
}

/** Options of the operations on a buffer or a file: which part of it. Default: all of it. */
export interface RangeOptions<Data = unknown> extends OperationOptions<Data> {
  /** The first byte, from 0. Default 0. */
  readonly offset?: number | undefined;
  /** Count of bytes. Default: all from `offset` on. */
  readonly length?: number | undefined;
}

/** Options of `recvmsg` and `sendmsg`. */
export interface MessageOptions<Data = unknown> extends OperationOptions<Data> {
  /** MSG_ bits of recvmsg(2) or sendmsg(2). Default 0. */
  readonly flags?: number | undefined;
}

const NO_OPTIONS = {};

/**
 * The options of an operation that may have been called without them, `(what, complete)`.
 *
 * @throws TypeError - ERR_INVALID_ARG_TYPE: neither a function nor an object.
 */
export function optionsIn<Options extends object>(
  given: Options | CompletionHandler<never> | undefined,
): Partial<Options> {
  if (given === undefined || typeof given === 'function') return NO_OPTIONS;
  checkObject('options', given);
  return given;
}
