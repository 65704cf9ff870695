// EDGEWISE_TRACE=FILE[,LEVEL]: every reactor of the program is traced, and the file is written at its
// end, also by a signal, and at SIGUSR2: the last that happened before.
import { isMainThread, threadId } from 'node:worker_threads';
import { type Trace, type TraceLevel, type TraceOptions, traceOf, writeTrace } from './trace.ts';

/** A reactor. */
interface Traceable {
  trace(options: TraceOptions): Trace;
}

interface Wish {
  readonly path: string;
  readonly level: TraceLevel;
}

/** The process that the file belongs to, for its children to see. */
const OWNER = 'EDGEWISE_TRACE_OWNER';
/** How a user or a supervisor ends a program. */
const ENDING = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;

const traces: Trace[] = [];
const wish = wishOf(process.env.EDGEWISE_TRACE);

function wishOf(text: string | undefined): Wish | undefined {
  if (text === undefined || text === '') return undefined;
  const [, path = '', level] = /^(.+?)(?:,(events|timed|calls))?$/.exec(text) ?? [];
  // Threads and child processes have files of their own: each is written when its thread ends.
  process.env[OWNER] ??= String(process.pid);
  const ofProcess = process.env[OWNER] === String(process.pid) ? '' : `.process-${process.pid}`;
  const ofThread = isMainThread ? '' : `.thread-${threadId}`;
  return { path: path + ofProcess + ofThread, level: (level ?? 'events') as TraceLevel };
}

/** Traces a new reactor, when the environment says so. */
export function startFromEnvironment(reactor: Traceable): void {
  if (wish === undefined) return;
  if (traces.length === 0) {
    process.once('exit', write);
    if (isMainThread) {
      process.on('SIGUSR2', write);
      for (const signal of ENDING) process.on(signal, writeBefore);
    }
  }
  traces.push(reactor.trace({ level: wish.level }));
}

// A signal without a handler of the program ends it, as it does without us.
function writeBefore(signal: NodeJS.Signals): void {
  write();
  if (process.listenerCount(signal) > 1) return;
  process.off(signal, writeBefore);
  process.kill(process.pid, signal);
}

function write(): void {
  if (wish === undefined) return;
  const streams = traces.flatMap((trace) => trace.snapshot().streams);
  try {
    writeTrace(wish.path, traceOf(streams));
  } catch (error) {
    process.stderr.write(`edgewise: no trace: ${(error as Error).message}\n`);
  }
}
