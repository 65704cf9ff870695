// The arguments of setKeepAlive, of which node:net refuses none.
import { invalidType } from '../errors.ts';
import type { KeepAlive } from '../net/index.ts';

/** Seconds, as in net/tcp.ts. */
const IDLE_MAX = 32_767;

/**
 * What they mean to a socket. A delay that is none is the system's, as in node:net.
 *
 * @throws TypeError - a delay that would have to be asked what it is: neither a number nor text.
 */
export function keepAliveOf(isEnabled: unknown, delayMs: unknown): boolean | KeepAlive {
  const ms = typeof delayMs === 'string' ? Number(delayMs) : delayMs;
  if (typeof ms !== 'number') throw invalidType('initialDelayMs', 'a number', delayMs);
  const idleSeconds = Math.floor(ms / 1000);
  const isTaken = idleSeconds >= 1 && idleSeconds <= IDLE_MAX;
  return isEnabled && isTaken ? { idleSeconds } : Boolean(isEnabled);
}
