// The reactor of a thread that the rooms above use when the caller names none.
import { Reactor } from './reactor.ts';

let threadReactor: Reactor | undefined;

/**
 * The reactor of this thread: made, and attached to Node's loop, at the first call, and again at
 * the first call after it was closed.
 *
 * @returns always the same one while it is open.
 * @throws EdgewiseError - ERR_DRIVER_UNAVAILABLE: no thread or descriptor left to drive it by.
 * @throws ErrnoError - EMFILE, ENFILE: no descriptor left for its poller.
 */
export function defaultReactor(): Reactor {
  if (threadReactor === undefined || threadReactor.isClosed) {
    threadReactor = new Reactor();
    threadReactor.attach();
  }
  return threadReactor;
}

/**
 * Has the thread go without one for a time in which all that is new is to be apart from what was there.
 *
 * @returns undoes it, and returns the one that was made meanwhile.
 */
export function setDefaultReactorAside(): () => Reactor | undefined {
  const before = threadReactor;
  threadReactor = undefined;
  return () => {
    const meanwhile = threadReactor;
    threadReactor = before;
    return meanwhile;
  };
}
