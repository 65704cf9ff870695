// A check over a simulated kernel, in a process of its own: a program that goes round and round there is ended.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { isUnreadable, lastWordsOf } from '../exam/exception.ts';
import { Mark } from '../exam/mark.ts';
import { canObserve, cpuMs } from '../exam/observe.ts';
import { programFile } from '../exam/program.ts';
import { Miss, type Values } from '../lab.ts';

const HOST = fileURLToPath(new URL('./host.js', import.meta.url));
const SECONDS_MAX = 20;
/** Of wall time, for one that sleeps. */
const MS_MAX = 60_000;
const LOOK_MS = 100;
const KEPT_MAX = 64 * 1024;
/** Of what the program prints. */
const PRINTED_LINES_MAX = 10;
const PRINTED_COLUMNS_MAX = 200;

export interface SimulatedOptions {
  /** The module with the function: `import.meta.url` of a lab's checks, and a path from there. */
  readonly module: URL;
  /** The function's name; it gets the student's module, and the seeds. */
  readonly name: string;
  /** The student's file, without its extension. */
  readonly program: string;
  readonly runs: number;
  /** The most CPU that it may take: a machine that is busy otherwise fails no one. Default 20. */
  readonly seconds?: number;
}

/** What host.ts prints as its last line. */
export type Verdict =
  | { readonly isRight: true }
  | {
      readonly isRight: false;
      readonly why?: string;
      readonly got: string;
      readonly values?: Values;
      /** Its calls, as lines. */
      readonly story?: string;
      /** What was unkind, as EDGEWISE_SIM takes it. */
      readonly choices?: string;
      /** The file with the trace of the run, in the folder for temporary files. */
      readonly trace?: string;
    };

/** What a function of a lab's simulated.ts gets. */
export interface SimulatedTask {
  /** The exports of the student's file. */
  readonly program: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly runs: number;
}

/**
 * @param files - a folder for temporary files, the traces of failing runs among them.
 * @throws Miss - what the function has thrown; 'crashed in a check', 'does not compile', 'endless loop', 'hangs'.
 */
export async function runSimulated(
  folder: string,
  files: string,
  seed: number,
  options: SimulatedOptions,
): Promise<void> {
  const { module, name, program, runs, seconds = SECONDS_MAX } = options;
  const file = programFile(folder, program);
  const words = [fileURLToPath(module), name, file, String(seed), String(runs)];
  const ended = await host(words, folder, files, seconds);
  const { code, output, errors, limit } = ended;
  const what = printedIn(ended.printed);
  if (limit === 'cpu') {
    const used = `it was ended after ${seconds} s of CPU, of which ${runs} runs need little`;
    throw new Miss('endless loop', `${used}${what}`, { seconds });
  }
  if (limit === 'time') {
    const values = { seconds: MS_MAX / 1000 };
    throw new Miss('hangs', `no end of ${runs} runs in ${values.seconds} s${what}`, values);
  }
  const verdict = verdictIn(output);
  if (verdict === undefined) {
    const said = lastWordsOf(errors, 6, folder);
    const why = isUnreadable(errors, folder) ? 'does not compile' : 'crashed in a check';
    throw new Miss(why, `it has ended with exit code ${code}${said === '' ? '' : `:\n${said}`}`);
  }
  if (verdict.isRight) return;
  const { why = 'crashed in a check', got, values = {}, story, trace, choices } = verdict;
  const calls = story === undefined ? '' : `\n\n${story}`;
  throw Object.assign(new Miss(why, `${got}${what}${calls}`, values), { trace, choices });
}

/** How the process has ended: by itself, or at a limit. */
interface Ended {
  readonly code: number | null;
  readonly limit: 'cpu' | 'time' | undefined;
  readonly output: string;
  readonly errors: string;
  /** Both, as they came. */
  readonly printed: string;
}

async function host(
  words: readonly string[],
  folder: string,
  files: string,
  seconds: number,
): Promise<Ended> {
  const mark = new Mark();
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', HOST, ...words], {
    cwd: folder,
    detached: true, // a process group of its own
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...mark.env, TMPDIR: files },
  });
  mark.pid = child.pid;
  const texts = { output: '', errors: '', printed: '' };
  const keepIn =
    (name: 'output' | 'errors') =>
    (text: string): void => {
      for (const each of [name, 'printed'] as const) {
        texts[each] = (texts[each] + text).slice(-KEPT_MAX);
      }
    };
  child.stdout.setEncoding('utf8').on('data', keepIn('output'));
  child.stderr.setEncoding('utf8').on('data', keepIn('errors'));
  const begin = performance.now();
  let limit: Ended['limit'];
  const timer = setInterval(() => {
    const elapsedMs = performance.now() - begin;
    const spentMs = canObserve ? cpuMs(child.pid ?? 0) : elapsedMs;
    if (spentMs > seconds * 1000) limit = 'cpu';
    else if (elapsedMs > MS_MAX) limit = 'time';
    if (limit !== undefined) mark.signal('SIGKILL');
  }, LOOK_MS);
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (...how) => resolve(how));
    // What it has started would hold its output open.
    child.on('exit', () => mark.kill());
  });
  clearInterval(timer);
  return { code, limit: signal === 'SIGKILL' ? limit : undefined, ...texts };
}

// The runs of a check print one after the other: the last one is the one that fails.
function printedIn(text: string): string {
  const plain = text.replace(/^verdict \{.*\}$/m, '').trim();
  if (plain === '') return '';
  const lines = plain.split('\n').slice(-PRINTED_LINES_MAX);
  return `\n\nit printed last:\n${lines.map((line) => `  ${line.slice(0, PRINTED_COLUMNS_MAX)}`).join('\n')}`;
}

function verdictIn(output: string): Verdict | undefined {
  const [, json] = /^verdict (\{.*\})$/m.exec(output) ?? [];
  return json === undefined ? undefined : (JSON.parse(json) as Verdict);
}
