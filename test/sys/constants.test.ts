// The constants: one table, in native code, from which the TypeScript names are made.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants as os } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { constants } from '../../src/sys/index.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const source = readFileSync(`${ROOT}src/sys/constants.names.ts`, 'utf8');

describe('constants', () => {
  test('are unsigned, frozen, and the same as Node knows', () => {
    for (const [name, value] of Object.entries(os.errno)) {
      expect((constants as Record<string, number>)[name], name).toBe(value);
    }
    if (process.platform === 'linux') expect(constants.EPOLLET).toBe(2147483648);
    expect(Object.isFrozen(constants)).toBe(true);
    expect(Object.values(constants).every(Number.isInteger)).toBe(true);
  });

  test('every constant has a name in the types', () => {
    const names = new Set(source.match(/'[A-Z0-9_]+'/g)?.map((name) => name.slice(1, -1)));
    expect(Object.keys(constants).filter((name) => !names.has(name))).toEqual([]);
  });

  test('the names in the types are what the script makes from the native table', () => {
    const script = `${ROOT}scripts/generate-constants.mjs`;
    const made = execFileSync(process.execPath, [script, '--print'], { encoding: 'utf8' });
    expect(source).toBe(made);
  });

  test('what only other systems have is undefined', () => {
    expect(
      [constants.EPOLLIN, constants.EVFILT_READ].filter((one) => one === undefined),
    ).toHaveLength(1);
    expect(constants.SOCK_NONBLOCK).toBeGreaterThan(0);
    expect(constants.SOCK_CLOEXEC).toBeGreaterThan(0);
  });
});
