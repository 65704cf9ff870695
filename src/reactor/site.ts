// Where a program calls into this package: the line that a finding about a handler names.

/** The folder of the package's code. */
const OWN = new URL('..', import.meta.url).pathname;
const REACTOR = `${OWN}reactor/`;
/** Below this frame is what waits and dispatches, not what registers. */
const DISPATCHER = `${REACTOR}dispatcher.`;
const FRAMES_MAX = 50;

/**
 * The line outside of this package that is being run: `at file:line:column`. When there is none, since the
 * package acts by itself (it accepts a connection), the line of the package that calls the reactor.
 */
export function callSite(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = FRAMES_MAX;
  const { stack = '' } = new Error();
  Error.stackTraceLimit = limit;
  const all = stack.split('\n').slice(1);
  const end = all.findLastIndex((frame) => frame.includes(DISPATCHER) && /callHandler/.test(frame));
  const frames = all.slice(0, end < 0 ? undefined : end);
  const found =
    frames.find((frame) => !frame.includes(OWN) && !frame.includes('node:')) ??
    frames.find((frame) => !frame.includes(REACTOR));
  return found?.trim() ?? 'at an unknown place';
}
