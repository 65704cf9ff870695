// EDGEWISE_TRACE=FILE[,LEVEL][,last=SECONDS]: every reactor of the program is traced, those of its threads
// included, and the file is written at its end, also by a signal, and at SIGUSR2: the last that happened
// before.
import { isMainThread, threadId } from 'node:worker_threads';
import { announceStream, Gathering } from './gathering.ts';
import {
  LEVELS,
  type SnapshotOptions,
  sinceNsOf,
  type Trace,
  type TraceLevel,
  type TraceOptions,
  traceOf,
  writeTrace,
} from './trace.ts';

/** A reactor. */
interface Traceable {
  trace(options: TraceOptions): Trace;
}

interface Wish {
  readonly path: string;
  readonly options: TraceOptions;
  readonly kept: SnapshotOptions;
}

/** The process of which the main thread gathers; its threads and child processes see it. */
const GATHERER = 'EDGEWISE_TRACE_GATHERER';
/** How much `last` keeps of each second, and at most: 32 bytes each. */
const EVENTS_PER_SECOND = 200_000;
const CAPACITY_MAX = 1 << 22;
const MS_PER_SECOND = 1000;
/** How a user or a supervisor ends a program. */
const ENDING = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;

const gatherer = process.env[GATHERER];
const isOfProcess = gatherer === String(process.pid);
const traces: Trace[] = [];
const wish = wishOf(process.env.EDGEWISE_TRACE);
const isGathered = !isMainThread && isOfProcess;
let isTaken = false;
const gathering = wish !== undefined && isMainThread ? new Gathering() : undefined;
if (wish !== undefined && !isGathered) {
  process.once('exit', write);
  if (isMainThread) {
    process.on('SIGUSR2', write);
    for (const signal of ENDING) process.on(signal, writeBefore);
  }
}

function wishOf(text: string | undefined): Wish | undefined {
  if (text === undefined || text === '') return undefined;
  if (isMainThread) process.env[GATHERER] = String(process.pid);
  try {
    return parse(text);
  } catch (error) {
    // Of a thread, the main one has said it.
    if (isMainThread || !isOfProcess) complain(`EDGEWISE_TRACE: ${(error as Error).message}`);
    return undefined;
  }
}

function parse(text: string): Wish {
  const [path = '', ...more] = text.split(',');
  if (path === '') throw new Error('it begins with the path of a file');
  let level: TraceLevel = 'events';
  let lastSeconds: number | undefined;
  for (const word of more) {
    const [, seconds] = /^last=(\d+\.?\d*|\.\d+)$/.exec(word) ?? [];
    if (seconds !== undefined && Number(seconds) > 0) lastSeconds = Number(seconds);
    else if (LEVELS.some((each) => each === word)) level = word as TraceLevel;
    else throw new Error(`'${word}' is none of ${LEVELS.join(', ')}, and not last=SECONDS`);
  }
  if (lastSeconds === undefined) return { path: path + suffix(), options: { level }, kept: {} };
  const capacity = Math.min(Math.ceil(lastSeconds * EVENTS_PER_SECOND), CAPACITY_MAX);
  const kept = { lastMs: lastSeconds * MS_PER_SECOND };
  return { path: path + suffix(), options: { level, capacity }, kept };
}

// Child processes have files of their own, and threads of which the main one knows nothing of this package.
function suffix(): string {
  const ofProcess = gatherer === undefined || isOfProcess ? '' : `.process-${process.pid}`;
  return isMainThread ? ofProcess : `${ofProcess}.thread-${threadId}`;
}

/** Traces a new reactor, when the environment says so. */
export function startFromEnvironment(reactor: Traceable): void {
  if (wish === undefined) return;
  const trace = reactor.trace(wish.options);
  traces.push(trace);
  if (isGathered) announceStream(`${threadId}.${traces.length}`, trace.parts);
}

/**
 * The file that the environment names, for the caller to write: from here on nothing is written here.
 *
 * @returns undefined: it names none.
 */
export function takeEnvironmentFile(): string | undefined {
  isTaken = wish !== undefined;
  return wish?.path;
}

// A signal without a handler of the program ends it, as it does without us.
function writeBefore(signal: NodeJS.Signals): void {
  write();
  if (process.listenerCount(signal) > 1) return;
  process.off(signal, writeBefore);
  process.kill(process.pid, signal);
}

function write(): void {
  if (wish === undefined || isTaken) return;
  const sinceNs = sinceNsOf(wish.kept);
  const own = traces.map((trace) => trace.read(sinceNs));
  const streams = own.concat(gathering?.read(sinceNs) ?? []);
  if (streams.length === 0) return; // there was no reactor
  try {
    writeTrace(wish.path, traceOf(streams));
  } catch (error) {
    complain(`no trace: ${(error as Error).message}`);
  }
}

function complain(what: string): void {
  process.stderr.write(`edgewise: ${what}\n`);
}
