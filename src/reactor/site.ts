// Where a program calls into this package: the line that a finding about a handler names.

/** The folder of the package's code. */
const OWN = new URL('..', import.meta.url).pathname;
const REACTOR = `${OWN}reactor/`;
/** Below this frame is what waits and dispatches, not what registers. */
const DISPATCHER = /callHandler.*\breactor\/dispatcher\./;
const FRAMES_MAX = 50;

/** The line that is being run when it is made. It is cheap until it is read. */
export class CallSite {
  readonly #error: Error;

  constructor() {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = FRAMES_MAX;
    this.#error = new Error();
    Error.stackTraceLimit = limit;
  }

  /**
   * The line outside of this package: `at file:line:column`. When there is none, since the package acts by
   * itself (it accepts a connection), the line of the package that calls the reactor.
   */
  toString(): string {
    const all = (this.#error.stack ?? '').split('\n').slice(1);
    const end = all.findIndex((frame) => DISPATCHER.test(frame));
    const frames = all.slice(0, end < 0 ? undefined : end);
    const found =
      frames.find((frame) => !frame.includes(OWN) && !frame.includes('node:')) ??
      frames.find((frame) => !frame.includes(REACTOR));
    return found?.trim() ?? 'at an unknown place';
  }
}
