// Which reactors are traced from their beginning: those that the environment asks for, or in their place those
// of a simulation, which has a file of its own.
import { startFromEnvironment } from '../trace/environment.ts';
import type { Trace, TraceOptions } from '../trace/trace.ts';

export { takeEnvironmentFile } from '../trace/environment.ts';

/** A reactor that has just been made. */
interface Traceable {
  trace(options: TraceOptions): Trace;
}

let start: (reactor: Traceable) => void = startFromEnvironment;

/** Traces a new reactor, when it is to be traced. */
export function startTrace(reactor: Traceable): void {
  start(reactor);
}

/**
 * Calls `instead` for each reactor that is made, in place of what was there before.
 *
 * @returns puts back what was there before.
 */
export function startTracesBy(instead: (reactor: Traceable) => void): () => void {
  const before = start;
  start = instead;
  return () => {
    start = before;
  };
}
