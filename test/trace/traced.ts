// Programs that EDGEWISE_TRACE traces, in processes of their own, and the files that they leave.
import { type ChildProcess, type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { decodeTrace, eventsOf, type TraceStream } from '../../src/trace/index.ts';

/** The URL of a module of this package, such as `multi/index.js`. */
export const built = (module: string) => new URL(`../../dist/${module}`, import.meta.url).href;

/** A program with the Reactor at hand. */
export const program = (body: string) => `import { Reactor } from '${built('index.js')}'; ${body}`;

/** The kinds of all events. */
export const kindsOf = (stream: TraceStream) => [...eventsOf(stream)].map(({ kind }) => kind);

/** Runs traced programs, and reads what they have written. */
export interface TracedPrograms {
  /** The path of a trace of this name. */
  path(name: string): string;
  /** Runs `source` to its end, with EDGEWISE_TRACE. */
  run(source: string, value: string): SpawnSyncReturns<string>;
  /** The same, while it runs. */
  start(source: string, value: string): ChildProcess;
  /** What was written. */
  names(): string[];
  streamsOf(name: string): readonly TraceStream[];
}

/** Has a folder for the traces of each test, and one for its programs. */
export function useTracedPrograms(): TracedPrograms {
  let folder: string;
  let programs: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'trace-'));
    programs = mkdtempSync(join(tmpdir(), 'traced-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
    rmSync(programs, { recursive: true });
  });
  const write = (source: string) => {
    const file = join(programs, 'main.mjs');
    writeFileSync(file, source);
    return file;
  };
  const environment = (value: string) => ({ ...process.env, EDGEWISE_TRACE: value });
  return {
    path: (name) => join(folder, name),
    run(source, value) {
      const options = { env: environment(value), encoding: 'utf8' } as const;
      return spawnSync(process.execPath, [write(source)], options);
    },
    start(source, value) {
      const stdio = ['ignore', 'pipe', 'inherit'] as const;
      return spawn(process.execPath, [write(source)], {
        env: environment(value),
        stdio: [...stdio],
      });
    },
    names: () => readdirSync(folder).sort(),
    streamsOf: (name) => decodeTrace(readFileSync(join(folder, name))).streams,
  };
}
