// What users of the net layer write: handlers, shared by all connections of a listener or of a
// connect call. No closure, emitter or stream per connection.
import type { Method } from '../../method.ts';
import type { Connection } from './connection.ts';

/**
 * Receives what happens on connections. Every member is optional; one object serves any number of
 * connections, and `connection.data` holds what belongs to one (option `createData`).
 *
 * A handler that throws does not stop the others: the error goes where the reactor's `onError`
 * says, and the connection stays open.
 */
export interface ConnectionHandlers<Data = unknown> {
  /** The connection is established. */
  open?: Method<[connection: Connection<Data>]> | undefined;
  /**
   * Bytes came. `bytes` is a view of memory that the next read overwrites: copy what you keep
   * (`Buffer.from(bytes)`). `connection.write(bytes)` copies by itself what it has to keep.
   */
  data?: Method<[connection: Connection<Data>, bytes: Buffer]> | undefined;
  /**
   * Descriptors came over a Unix socket, with the option `receiveDescriptors`; called right before
   * the `data` that holds the byte they came with. They are close-on-exec, and yours to close from
   * this call on, also when this throws.
   *
   * @param isTruncated - some were lost, since this process has no numbers left for them
   *   (MSG_CTRUNC); maybe all.
   */
  descriptors?:
    | Method<[connection: Connection<Data>, fds: number[], isTruncated: boolean]>
    | undefined;
  /** The write queue has fallen to the low watermark after `write` had returned false. */
  drain?: Method<[connection: Connection<Data>]> | undefined;
  /**
   * The peer will send no more. Unless `allowHalfOpen` is set, the connection ends its own side
   * after this, when all that was written has left.
   */
  end?: Method<[connection: Connection<Data>]> | undefined;
  /**
   * Reading is paused, and the peer has sent its end: what came before it is still to be read, and
   * `end` is called after that. Called once. Not with the back-end select, nor with poll but on Linux
   * and FreeBSD.
   */
  readClosed?: Method<[connection: Connection<Data>]> | undefined;
  /**
   * The connection is closed, the last call for it, made once for every connection that was
   * opened, or failed to connect.
   *
   * @param error - why, when it was not an orderly end: ECONNRESET, ETIMEDOUT, ECONNREFUSED,
   *   ERR_WRITE_QUEUE_FULL, ERR_CLOSED (the reactor was closed), or what was given to `destroy`.
   */
  close?: Method<[connection: Connection<Data>, error?: NodeJS.ErrnoException]> | undefined;
  /** Nothing was received or sent for the time of `setTimeout`. The connection stays open. */
  timeout?: Method<[connection: Connection<Data>]> | undefined;
}
