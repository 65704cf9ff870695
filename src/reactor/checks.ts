// Checks of what callers of the rooms above pass in about reactors.
import { ClosedError, invalidType, invalidValue } from '../errors.ts';
import { Reactor } from './reactor.ts';

/**
 * Checks that `reactor` is one of ours.
 *
 * @param name - what the error calls it.
 * @throws TypeError - ERR_INVALID_ARG_TYPE: no Reactor.
 */
export function checkReactor(reactor: unknown, name = 'reactor'): asserts reactor is Reactor {
  if (!(reactor instanceof Reactor)) throw invalidType(name, 'a Reactor', reactor);
}

/**
 * Checks what drives a stream of bytes: an open reactor, and a trigger that repeats.
 *
 * @throws TypeError - ERR_INVALID_ARG_TYPE: no Reactor. ERR_INVALID_ARG_VALUE: another trigger than
 *   `'level'` or `'edge'`.
 * @throws ClosedError - the reactor is closed.
 */
export function checkDrive(reactor: unknown, trigger: unknown): void {
  checkReactor(reactor);
  if (trigger !== 'level' && trigger !== 'edge') {
    throw invalidValue('trigger', "'level' or 'edge'", trigger);
  }
  if (reactor.isClosed) throw new ClosedError('the Reactor');
}
