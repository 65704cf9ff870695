// Descriptors that tests open: closed when a test ends, and then counted, so that each test shows that
// the library left none behind.
import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, expect } from 'vitest';
import { close } from '../../src/sys/index.ts';

let toClose: number[] = [];

/** The numbers of all open descriptors of this process. */
export function openDescriptors(): number[] {
  return readdirSync(process.platform === 'linux' ? '/proc/self/fd' : '/dev/fd').map(Number);
}

/** Has `fd` closed when the test ends; a negative one is a failure. Needs {@link expectNoLeaks}. */
export function owned(fd: number): number {
  expect(fd).toBeGreaterThanOrEqual(0);
  toClose.push(fd);
  return fd;
}

/** In a `describe`: every test of it leaves the count of open descriptors as it found it. */
export function expectNoLeaks(): void {
  let before = 0;
  beforeEach(() => {
    before = openDescriptors().length;
  });
  afterEach(() => {
    for (const fd of toClose) expect(close(fd)).toBe(0);
    toClose = [];
    expect(openDescriptors().length, 'open descriptors').toBe(before);
  });
}
