// What a connection takes along to another thread, besides its descriptor. Bytes that came and were
// not read are in the kernel, and need no carrying.
import { EdgewiseError } from '../../errors.ts';
import { State } from './state.ts';

/** Can be sent to another thread. */
export interface Luggage {
  /** Bits of State. */
  readonly state: number;
  /** What the kernel had not taken yet. */
  readonly unsent: Uint8Array<ArrayBuffer>;
  readonly idleMs: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** The bits that go along. */
export const TRAVELLING =
  State.ReadEnded |
  State.Ending |
  State.WriteShut |
  State.Paused |
  State.NeedsDrain |
  State.Unreferenced |
  State.Copies;

export function cannotTravel(why: string): EdgewiseError {
  return new EdgewiseError('ERR_HANDOVER_FAILED', `the connection stays: ${why}`);
}
