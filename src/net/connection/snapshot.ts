// The state of a connection that is handed over to another thread, besides its descriptor. Bytes that
// came and were not read are in the kernel, and need no place here.
import { EdgewiseError } from '../../errors.ts';
import type { ProxyHeader } from '../socket/proxy-header.ts';
import { State } from './state.ts';

/** Can be sent to another thread. */
export interface ConnectionSnapshot {
  /** Bits of State. */
  readonly state: number;
  /** What the kernel had not taken yet. */
  readonly unsent: Uint8Array<ArrayBuffer>;
  /** Whether `drain` is still to be reported. */
  readonly needsDrain: boolean;
  readonly idleMs: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly proxyHeader: ProxyHeader | undefined;
}

/** The bits of the state that are handed over. */
export const HANDED_OVER_BITS =
  State.ReadEnded |
  State.Ending |
  State.WriteShut |
  State.Paused |
  State.Unreferenced |
  State.Copies;

/** The error of a connection that cannot be handed over now. */
export function notHandedOver(why: string): EdgewiseError {
  return new EdgewiseError('ERR_HANDOVER_FAILED', `the connection stays: ${why}`);
}
