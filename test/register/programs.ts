// Runs the programs of workers/ as a user does, over node:net and with `--import edgewise/net/register`.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const RUN = fileURLToPath(new URL('workers/run.mjs', import.meta.url));
const RUN_MS_MAX = 50_000;

/** What came of a program. */
export interface Outcome {
  readonly result: unknown;
  /** Connections of edgewise. */
  readonly ours: number;
  /** Sockets of node:net. */
  readonly nodes: number;
}

/** Runs Node on something until it ends by itself. */
export async function runNode(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    timeout: RUN_MS_MAX,
  });
}

async function outcomeOf(options: readonly string[], args: readonly string[]): Promise<Outcome> {
  const { stdout } = await runNode([...options, RUN, ...args]);
  return JSON.parse(stdout);
}

/** Both outcomes. */
export async function bothOf(...args: string[]): Promise<{ nodes: Outcome; ours: Outcome }> {
  const [nodes, ours] = await Promise.all([
    outcomeOf([], args),
    outcomeOf(['--import', 'edgewise/net/register'], args),
  ]);
  return { nodes, ours };
}

/** Ensures that a program does the same over both, and that its sockets were ours the second time. */
export async function expectSame(...args: string[]): Promise<void> {
  const { nodes, ours } = await bothOf(...args);
  expect(ours.result).toEqual(nodes.result);
  expect(nodes.result).toBeDefined();
  expect(nodes.ours).toBe(0);
  expect(nodes.nodes).toBeGreaterThan(0);
  expect(ours.ours).toBeGreaterThan(0);
  expect(ours.nodes).toBe(0);
}
