// What keeps a process alive, beside node:net: a socket that connects, reads or sends, and not one that
// is merely open.
import { execFile, execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../workers/liveness.mjs', import.meta.url));
const CASES: readonly string[] = JSON.parse(
  execFileSync(process.execPath, [SCRIPT], { encoding: 'utf8' }),
);
const KINDS = [
  ['node', 'level'],
  ['edgewise', 'level'],
  ['edgewise', 'edge'],
] as const;

const execute = promisify(execFile);

// What it printed at its end; that it had to be ended is an error.
async function lifeOf(...args: string[]): Promise<string> {
  const { stdout, stderr } = await execute(process.execPath, [SCRIPT, ...args], {
    timeout: 20_000,
  });
  return stdout + stderr;
}

describe('the process lives as long as with node:net:', () => {
  it.each(CASES)('%s', async (name) => {
    const [theirs, level, edge] = await Promise.all(KINDS.map((kind) => lifeOf(name, ...kind)));
    expect({ level, edge }).toEqual({ level: theirs, edge: theirs });
  });
});
