// A reactor over a poller: one turn waits, then calls the handlers of what is ready. Lab 5: fill in the tasks a to f.
import type { MiniReactor, Parts } from './types.ts';

export function createReactor({ poller }: Parts): MiniReactor {
  return {
    wakeFd: -1, // Task e: the writing end of a pipe, or an eventfd
    register(fd, interest, _handler) {
      // Task a: a table has the handler for each token. Task b: the number of the descriptor does not.
      poller.add(fd, fd, interest, 'level');
      return {
        fd,
        isClosed: false,
        setInterest(_interest) {
          // Task a
        },
        close() {
          // Task a
        },
      };
    },
    setTimeout(_callback, _delayMs) {
      // Task d
      return { cancel: () => undefined };
    },
    defer(_callback) {
      // Task c
    },
    wake() {
      // Task e
    },
    turn(timeoutMs) {
      const count = poller.wait(timeoutMs);
      for (let i = 0; i < count; i++) {
        // Task a: poller.events has a token and a readiness for each. Task f: a handler may throw.
      }
      return 0;
    },
    close() {
      // Task e
    },
  };
}
