// A check over a simulated kernel, in a process of its own: a program that goes round and round there is ended.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { cpuMs } from '../exam/observe.ts';
import { programFile } from '../exam/program.ts';
import { Miss, type Values } from '../lab.ts';

const HOST = fileURLToPath(new URL('./host.js', import.meta.url));
/** CPU time, where it is known: on a loaded machine a run that is right may take long. */
const CPU_MS_MAX = 10_000;
const MS_MAX = 60_000;
const LOOK_MS = 250;
const KEPT_MAX = 64 * 1024;

export interface SimulatedOptions {
  /** The module with the function: `import.meta.url` of a lab's checks, and a path from there. */
  readonly module: URL;
  /** The function's name; it gets the student's module, and the seeds. */
  readonly name: string;
  /** The student's file, without its extension. */
  readonly program: string;
  readonly runs: number;
}

/** What host.ts prints as its last line. */
export type Verdict =
  | { readonly isRight: true }
  | {
      readonly isRight: false;
      readonly why?: string;
      readonly got: string;
      readonly values?: Values;
    };

/** What a function of a lab's simulated.ts gets. */
export interface SimulatedTask {
  /** The exports of the student's file. */
  readonly program: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly runs: number;
}

/** @throws Miss - what the function has thrown; 'crashed', 'hangs'. */
export async function runSimulated(
  folder: string,
  seed: number,
  options: SimulatedOptions,
): Promise<void> {
  const { module, name, program, runs } = options;
  const file = programFile(folder, program);
  const words = ['--disable-warning=ExperimentalWarning', HOST];
  const child = spawn(
    process.execPath,
    [...words, fileURLToPath(module), name, file, String(seed), String(runs)],
    {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-KEPT_MAX);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-KEPT_MAX);
  });
  const deadline = performance.now() + MS_MAX;
  const timer = setInterval(() => {
    const isOver = cpuMs(child.pid ?? 0) > CPU_MS_MAX || performance.now() > deadline;
    if (isOver) child.kill('SIGKILL');
  }, LOOK_MS);
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (...how) => resolve(how));
  });
  clearInterval(timer);
  if (signal === 'SIGKILL') {
    throw new Miss('hangs', `no end of ${runs} simulated runs`, { seconds: CPU_MS_MAX / 1000 });
  }
  const verdict = verdictIn(output);
  if (verdict === undefined) {
    const said = errors.trimEnd().split('\n').slice(-6).join('\n');
    throw new Miss('crashed', `in a simulated run, with exit code ${code}:\n${said}`, {
      command: `node ${file}`,
    });
  }
  if (!verdict.isRight) throw new Miss(verdict.why ?? 'crashed', verdict.got, verdict.values ?? {});
}

function verdictIn(output: string): Verdict | undefined {
  const [, json] = /^verdict (\{.*\})$/m.exec(output) ?? [];
  return json === undefined ? undefined : (JSON.parse(json) as Verdict);
}
