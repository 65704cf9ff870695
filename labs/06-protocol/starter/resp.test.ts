// The parser without a socket: node --test
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Parser, ProtocolError } from './resp.ts';

const ECHO = Buffer.from('*2\r\n$4\r\nECHO\r\n$4\r\na\r\nb\r\n');

test('a whole command', () => {
  const parser = new Parser();
  parser.push(ECHO);
  assert.deepEqual(parser.next()?.map(String), ['ECHO', 'a\r\nb']);
  assert.equal(parser.next(), undefined);
});

test('two commands, cut anywhere', () => {
  const both = Buffer.concat([ECHO, ECHO]);
  for (let cut = 0; cut <= both.length; cut++) {
    const parser = new Parser();
    const commands: (string[] | undefined)[] = [];
    for (const part of [both.subarray(0, cut), both.subarray(cut)]) {
      parser.push(part);
      for (let next = parser.next(); next !== undefined; next = parser.next()) {
        commands.push(next.map(String));
      }
    }
    assert.deepEqual(commands, [
      ['ECHO', 'a\r\nb'],
      ['ECHO', 'a\r\nb'],
    ]);
  }
});

test('what is no command', () => {
  for (const text of [
    'GET / HTTP/1.1\r\n',
    '*1\r\n:1\r\n',
    '*1\r\n$-1\r\n',
    '*1\r\n$1\r\nab\r\n',
  ]) {
    const parser = new Parser();
    parser.push(Buffer.from(text));
    assert.throws(() => parser.next(), ProtocolError);
  }
});
