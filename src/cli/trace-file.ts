// Trace files of the commands that read and write them: a mistake is one line, and exit code 2.
import { readFileSync } from 'node:fs';
import type { TraceData } from '../trace/index.ts';
import { writeWhole } from '../whole-file.ts';
import { InputError } from './arguments.ts';

/** The bytes of a file. @throws UsageError */
export function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new InputError(`${path} cannot be read: ${code ?? message}`);
  }
}

/** What is in the bytes of a trace file. @throws UsageError - it is none. */
export async function traceIn(bytes: Uint8Array, path: string): Promise<TraceData> {
  const { decodeTrace } = await import('../trace/index.ts');
  try {
    return decodeTrace(bytes);
  } catch (error) {
    throw new InputError(`${path}: ${(error as Error).message}`);
  }
}

/** Writes a file: whole, or not at all. @throws Error - one line. */
export function writeOutput(path: string, content: Uint8Array | string): void {
  try {
    writeWhole(path, content);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(`${path} cannot be written: ${code ?? message}`, { cause: error });
  }
}

/** A name as a shell takes it. */
export function quoted(path: string): string {
  return /^[\w./@%+,:-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
