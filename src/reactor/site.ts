// Where a program calls into this package: the line that a finding about a handler names.

/** The folder of the package's code; undefined: a bundle has it in one file with that of its users. */
const OWN = /^file:\/\/(.*\/)reactor\/site\.[jt]s$/.exec(import.meta.url ?? '')?.[1];
/** Below this frame is what waits and dispatches, not what registers. */
const DISPATCHER = /callHandler.*\breactor\/dispatcher\./;
/** A frame of the host's own code: `at listen (node:net:1:2)`, `at run (ext:deno_node/async_hooks.ts:1:2)`. */
const HOST = /(?:^\s*at |\()(?:async )?(?:node|ext|bun):/;
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
    if (OWN === undefined) return 'at an unknown place of a bundle';
    const all = (this.#error.stack ?? '').split('\n').slice(1);
    const end = all.findIndex((frame) => DISPATCHER.test(frame));
    const frames = all.slice(0, end < 0 ? undefined : end).filter((frame) => !HOST.test(frame));
    const found =
      frames.find((frame) => !frame.includes(OWN)) ??
      frames.find((frame) => !frame.includes(`${OWN}reactor/`));
    return found?.trim() ?? 'at an unknown place';
  }
}
