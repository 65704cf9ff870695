// The constants: one table, in native code, from which the TypeScript names are made.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants as os } from 'node:os';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { native } from '../../src/native.ts';
import { constants } from '../../src/sys/index.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const names = readFileSync(`${ROOT}src/sys/constants.names.ts`, 'utf8');
const listed = new Set(Array.from(names.matchAll(/^ {2}\| '(\w+)'/gm), ([, name]) => name));

it('the names in TypeScript are those that the script makes from the native table', () => {
  const script = `${ROOT}scripts/generate-constants.mjs`;
  expect(names).toBe(execFileSync(process.execPath, [script, '--print'], { encoding: 'utf8' }));
});

it('every number has a name, and the names of all systems have a number', () => {
  const present = Object.keys(native.constants);
  expect(present.filter((name) => !listed.has(name))).toEqual([]);
  const everywhere = ['AF_INET', 'SOCK_CLOEXEC', 'IPPROTO_TCP', 'O_NONBLOCK', 'TCSANOW', 'EINTR'];
  expect(everywhere.filter((name) => !present.includes(name) || !listed.has(name))).toEqual([]);
});

it('has the numbers that Node has', () => {
  const both = Object.entries(os.errno).filter(([name]) => name in constants);
  expect(both.length).toBeGreaterThan(60);
  for (const [name, number] of both) {
    expect([name, constants[name as keyof typeof constants]]).toEqual([name, number]);
  }
});

it('is frozen, bit 31 is no sign, and a name that the system lacks is undefined', () => {
  expect(Object.isFrozen(constants)).toBe(true);
  if (process.platform === 'linux') {
    expect(constants.EPOLLET).toBe(2 ** 31);
    expect(constants.EVFILT_READ).toBeUndefined();
  } else {
    expect(constants.EVFILT_READ).toBe(-1);
    expect(constants.EPOLLET).toBeUndefined();
  }
});
