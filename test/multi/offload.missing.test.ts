// tinypool is an optional peer: what is there without it, and with one that is broken. A copy of the
// package is copied to a folder without any node_modules but those that a test makes.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { addonPath } from '../../src/native.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'edgewise-missing-'));
cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true });
cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'));

const PROGRAM = `
import { Reactor } from 'edgewise';
import { createOffload, Mailbox } from 'edgewise/multi';
const reactor = new Reactor();
new Mailbox({ reactor, onMessage: () => undefined }).close();
createOffload({ reactor, module: '/task.mjs' }).catch(({ code, message, cause }) => {
  console.log(JSON.stringify({ code, message, cause: cause.message }));
});
`;

afterAll(() => rmSync(folder, { recursive: true }));

function outcome(): { code: string; message: string; cause: string } {
  const env = { ...process.env, EDGEWISE_ADDON: addonPath };
  const args = ['--input-type=module', '--eval', PROGRAM];
  const run = spawnSync(process.execPath, args, { cwd: folder, env, encoding: 'utf8' });
  expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(run.stdout);
}

function installTinypool(text: string): void {
  const at = join(folder, 'node_modules', 'tinypool');
  mkdirSync(at, { recursive: true });
  writeFileSync(join(at, 'package.json'), '{ "type": "module", "exports": "./index.js" }');
  writeFileSync(join(at, 'index.js'), text);
}

test('without it the rest of edgewise/multi works, and the error names what to install', () => {
  const { code, message, cause } = outcome();
  expect({ code, cause }).toEqual({
    code: 'ERR_LIBRARY_MISSING',
    cause: expect.stringContaining("Cannot find package 'tinypool'"),
  });
  expect(message).toContain('npm install tinypool');
});

test.each([
  ['throws when it is loaded', "throw new Error('of another Node')", 'of another Node'],
  ['lacks a file of its own', "import './entry.js';", 'entry.js'],
  ['lacks a package of its own', "import 'nowhere-to-be-found';", 'nowhere-to-be-found'],
])('one that %s is not missing, and the cause is kept', (_, text, cause) => {
  installTinypool(text);
  expect(outcome()).toMatchObject({
    code: 'ERR_MODULE_INVALID',
    cause: expect.stringContaining(cause),
  });
});
