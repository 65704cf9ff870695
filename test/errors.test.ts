// Errors: their fields, their text, and values that must not be called into.
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  ClosedError,
  check,
  EdgewiseError,
  ErrnoError,
  errnoError,
  invalidType,
  invalidValue,
  outOfRange,
} from '../src/errors.ts';
import { useDescriptors } from './helpers/descriptors.ts';

useDescriptors();
const root = fileURLToPath(new URL('../', import.meta.url));

describe('ErrnoError', () => {
  it('has the fields of a system error of Node', () => {
    const error = errnoError(-104, 'connect', { address: '127.0.0.1', port: 80 });
    expect(error).toBeInstanceOf(ErrnoError);
    expect(error).toMatchObject({
      name: 'ErrnoError',
      code: 'ECONNRESET',
      errno: -104,
      syscall: 'connect',
      address: '127.0.0.1',
      port: 80,
      message: 'connect ECONNRESET 127.0.0.1:80',
    });
  });

  it('says what it is about', () => {
    const text = (context: object) => errnoError(-2, 'bind', context).message;
    expect(text({})).toBe('bind ENOENT');
    expect(text({ path: '/tmp/s' })).toBe('bind ENOENT /tmp/s');
    expect(text({ fd: 7 })).toBe('bind ENOENT fd 7');
    expect(text({ address: '::1' })).toBe('bind ENOENT ::1');
    expect('fd' in errnoError(-2, 'bind')).toBe(false);
  });

  it('is thrown by check for negative results only', () => {
    expect([check(0, 'read'), check(5, 'read')]).toEqual([0, 5]);
    expect(() => check(-9, 'read', { fd: 3 })).toThrow(
      expect.objectContaining({ code: 'EBADF', syscall: 'read', fd: 3 }),
    );
  });
});

describe('codes of our own', () => {
  it('name their class and their cause', () => {
    const closed = new ClosedError('the Poller');
    expect(closed).toBeInstanceOf(EdgewiseError);
    expect(closed).toMatchObject({ code: 'ERR_CLOSED', message: 'the Poller is closed' });
    const cause = new Error('why');
    const error = new EdgewiseError('ERR_DRIVER_UNAVAILABLE', 'no', { cause });
    expect(error).toMatchObject({ name: 'EdgewiseError', cause });
  });

  it('are of the classes that Node uses for arguments', () => {
    expect(invalidType('fd', 'a number', 'x')).toBeInstanceOf(TypeError);
    expect(invalidValue('fd', 'a number', 'x')).toBeInstanceOf(TypeError);
    expect(outOfRange('fd', 'a number', -1)).toBeInstanceOf(RangeError);
  });

  it('show any value without calling into it', () => {
    const trap = () => expect.fail('the value was called into');
    const handler = { get: trap, has: trap, getPrototypeOf: trap, ownKeys: trap };
    const values = [
      [undefined, 'undefined'],
      [null, 'null'],
      [-0.5, '-0.5'],
      [Number.NaN, 'NaN'],
      [5n, '5n'],
      [Symbol('s'), 'Symbol(s)'],
      ['x'.repeat(50), `'${'x'.repeat(40)}…'`],
      [new Proxy({}, handler), 'an object'],
      [Object.create(null), 'an object'],
      [trap, 'a function'],
      [{ toString: trap, toJSON: trap }, 'an object'],
    ] as const;
    for (const [value, shown] of values) {
      const { message } = invalidType('fd', 'a number', value);
      expect(message).toBe(`"fd" must be a number; received ${shown}`);
    }
  });
});

describe('import', () => {
  const entry = JSON.stringify(new URL('../dist/index.js', import.meta.url).href);
  const report = `import(${entry}).then(() => 'imported', (error) => error.code)
    .then((outcome) => console.log(outcome));`;

  function outcome(before: string, env: Record<string, string> = {}): string {
    const args = ['--input-type=module', '--eval', before + report];
    const options = { encoding: 'utf8', env: { ...process.env, ...env } } as const;
    return execFileSync(process.execPath, args, options).trim();
  }

  it('is refused with one clear error on another system', () => {
    const on = (platform: string) =>
      `Object.defineProperty(process, 'platform', { value: '${platform}' });`;
    expect(outcome(on('win32'))).toBe('ERR_PLATFORM_UNSUPPORTED');
    expect(outcome(on('aix'))).toBe('ERR_PLATFORM_UNSUPPORTED');
    expect(outcome('')).toBe('imported');
  });

  it('says when the addon is missing', () => {
    expect(outcome('', { EDGEWISE_ADDON: '/nowhere.node' })).toBe('ERR_ADDON_MISSING');
  });

  it('says which addon cannot be loaded, and why', () => {
    expect(outcome('', { EDGEWISE_ADDON: fileURLToPath(import.meta.url) })).toBe(
      'ERR_ADDON_UNLOADABLE',
    );
  });

  it("is refused by the permission model with Node's own error", () => {
    const flag =
      Number(process.versions.node.split('.')[0]) < 23
        ? '--experimental-permission'
        : '--permission';
    const allowed = [flag, `--allow-fs-read=${root}*`];
    const args = [...allowed, '--input-type=module', '--eval', report];
    const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect(stdout.trim()).toBe('ERR_DLOPEN_DISABLED');
  });
});
