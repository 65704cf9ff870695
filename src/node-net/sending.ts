// Sockets that are sent to another process (`child.send(message, handle)`): Node hands the `_handle` of what is
// sent to native code, which ends the process where that is none of libuv's. Here it is an error.
import { coded } from '../node-errors.ts';
import type { Replacements } from './exports.ts';
import { ServerHandle, SocketHandle } from './handle.ts';

type Send = (message: unknown, handle?: unknown, ...others: unknown[]) => unknown;

function isOurs(handle: unknown): boolean {
  return handle instanceof SocketHandle || handle instanceof ServerHandle;
}

/**
 * Has `send` of one end of an IPC channel throw ERR_INVALID_HANDLE_TYPE for what is over a socket of ours.
 *
 * @param end - a ChildProcess, or `process`; without a channel nothing is done.
 * @param replacements - where that is put down; default: it stays.
 */
export function refuseOurs(end: object, replacements?: Replacements): void {
  const { _send: send } = end as { _send?: Send };
  if (send === undefined) return;
  const guarded: Send = function (this: unknown, message, handle, ...others) {
    if (isOurs(handle) || isOurs((handle as { _handle?: unknown } | undefined | null)?._handle)) {
      throw coded(new TypeError('This handle type cannot be sent'), 'ERR_INVALID_HANDLE_TYPE');
    }
    return Reflect.apply(send, this, [message, handle, ...others]);
  };
  if (replacements === undefined) Object.assign(end, { _send: guarded });
  else replacements.set(end, '_send', guarded);
}
