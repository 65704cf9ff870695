// Runs a tool (a compiler, a fetch) that may be missing, fail or hang, and has it end in time with
// all that it has started. What goes wrong is an Error with a message of one line.
import { spawn } from 'node:child_process';
import { basename } from 'node:path';

const OUTPUT_LENGTH_MAX = 1_000_000;
const LINE_LENGTH_MAX = 200;

/** Ends each of the tools that run. */
const endings = new Set<() => void>();

/** Ends all tools that run, with what they have started: each rejects. */
export function endTools(): void {
  for (const end of endings) end();
}

export interface RunOptions {
  readonly cwd?: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** After so long it is ended; 120 seconds when absent. */
  readonly timeoutMs?: number;
}

/**
 * Runs a program to its end, without input.
 *
 * @returns what it has printed on standard output.
 * @throws Error - it is not there, it took too long, or its exit code was not 0: one line of why.
 */
export async function run(
  file: string,
  args: readonly string[],
  { cwd, env, timeoutMs = 120_000 }: RunOptions = {},
): Promise<string> {
  // A group of its own, so that a compiler's children end with it.
  const child = spawn(file, args, {
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd !== undefined && { cwd }),
  });
  const killGroup = () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
  };
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      if (output[name].length < OUTPUT_LENGTH_MAX) output[name] += text;
    });
  }
  endings.add(killGroup);
  process.on('exit', killGroup);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    killGroup();
  }, timeoutMs);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (isLate) throw new Error(`${basename(file)} took longer than ${timeoutMs / 1000} s`);
    if (code !== 0) throw new Error(`${basename(file)}: ${whyOf(output.stderr, code)}`);
    return output.stdout;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error(`${basename(file)} is not installed`);
  } finally {
    clearTimeout(timer);
    endings.delete(killGroup);
    process.off('exit', killGroup);
  }
}

/** The line that says most: the first that has an error in it. */
function whyOf(stderr: string, code: number | null): string {
  const lines = stderr.split('\n').map((line) => line.trim());
  const line = lines.find((text) => /error/i.test(text)) ?? lines.find((text) => text !== '');
  return line?.slice(0, LINE_LENGTH_MAX) ?? `exit code ${code}`;
}
