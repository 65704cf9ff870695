// The trace of one run: every reactor that the program makes in it is traced, by the time of the simulated
// machine. `edgewise view` shows the file.
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTracesBy, takeEnvironmentFile } from '../reactor/index.ts';
import { type Trace, type TraceData, writeTrace } from '../trace/index.ts';

/** What is recorded makes no call of its own: a run with it is the same run. */
const LEVEL = 'calls';

let lastNumber = 0;

/** The recording, from the beginning of a run to its end. */
export class RunTrace {
  readonly #traces: Trace[] = [];
  readonly #stop: () => void;

  /** @param isRecording - false: no reactor is traced, whatever EDGEWISE_TRACE says. */
  constructor(isRecording: boolean) {
    this.#stop = startTracesBy((reactor) => {
      if (isRecording) this.#traces.push(reactor.trace({ level: LEVEL }));
    });
  }

  /** Marks this moment in all of them. */
  mark(text: string): void {
    for (const trace of this.#traces) if (!trace.isClosed) trace.mark(text);
  }

  /**
   * Ends it, while the clock of the machine is still that of the thread.
   *
   * @returns what was recorded; undefined: there was no reactor.
   */
  end(): TraceData | undefined {
    this.#stop();
    for (const trace of this.#traces) trace.close();
    const [first, ...others] = this.#traces.map((trace) => trace.snapshot());
    if (first === undefined) return undefined;
    return { ...first, streams: [first, ...others].flatMap(({ streams }) => streams) };
  }
}

/**
 * Writes a recording.
 *
 * @param folder - made when it is not there; undefined: the one for temporary files. EDGEWISE_TRACE names
 *   a file in place of both.
 * @returns the path of the file.
 * @throws ErrnoError - of the file, or of the folder.
 */
export function writeRun(trace: TraceData, folder: string | undefined): string {
  const path = takeEnvironmentFile() ?? newFileIn(folder);
  writeTrace(path, trace);
  return path;
}

/** Writes it where EDGEWISE_TRACE names a file. @throws ErrnoError - of the file. */
export function writeWhereAsked(trace: TraceData): void {
  const path = takeEnvironmentFile();
  if (path !== undefined) writeTrace(path, trace);
}

function newFileIn(folder: string = tmpdir()): string {
  mkdirSync(folder, { recursive: true });
  return join(folder, `edgewise-${process.pid}-${++lastNumber}.edgetrace`);
}
