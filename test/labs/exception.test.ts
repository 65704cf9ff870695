// What is kept of an exception that Node prints, and whether the program could be read at all.
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { isUnreadable, lastWordsOf } from '../../labs/src/exam/exception.ts';
import { commandLine } from '../../labs/src/exam/program.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'edgewise student ')));
afterAll(() => rmSync(folder, { recursive: true }));
const url = `file://${folder.replaceAll(' ', '%20')}`;

test('of a call of the library, the line of the student', () => {
  const text = `file://${folder}/node_modules/edgewise/dist/validate.js:4
  throw new TypeError(message);
  ^

TypeError: "into" must be a Uint8Array
    at check (file:///elsewhere/node_modules/edgewise/dist/validate.js:4:9)
    at getsockopt (${url}/node_modules/edgewise/dist/sys/index.js:14:3)
    at Proxy.#connected (${url}/proxy.ts:34:15)
    at node:internal/main:1:1 {
  code: 'ERR_INVALID_ARG_TYPE'
}

Node.js v22.23.5
`;
  expect(lastWordsOf(text, 6, folder)).toBe(
    'TypeError: "into" must be a Uint8Array\n    at Proxy.#connected (proxy.ts:34:15)',
  );
  expect(isUnreadable(text, folder)).toBe(false);
});

test('what cannot be read: the line, and the mark below it', () => {
  const line = '    enum State {\n    ^^^^\n';
  const text = `${url}/proxy.ts:3
${line}
SyntaxError [ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX]: TypeScript enum is not supported
    at parseTypeScript (node:internal/modules/typescript:68:40)
`;
  expect(lastWordsOf(text, 6, folder)).toBe(
    'proxy.ts:3\n      enum State {\n      ^^^^\n' +
      'SyntaxError [ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX]: TypeScript enum is not supported',
  );
  expect(isUnreadable(text, folder)).toBe(true);
});

test('a SyntaxError of a line that has run is none of that kind', () => {
  const text = `SyntaxError: Unexpected token\n    at JSON.parse (<anonymous>)\n    at ${url}/proxy.ts:3:9\n`;
  expect(isUnreadable(text, folder)).toBe(false);
});

test('a program that printed no exception: its last lines', () => {
  expect(lastWordsOf('one\ntwo\nthree\n', 2, folder)).toBe('two\nthree');
});

test('a server of the grader that is gone is not in the command to copy', () => {
  const args = ['--port', '0', '--to', '127.0.0.1:35349'];
  expect(commandLine(join(process.cwd(), 'proxy.js'), args)).toBe(
    'node proxy.js --port 0 --to HOST:PORT',
  );
});
