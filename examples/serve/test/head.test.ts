// Heads as no good client sends them. node:http has a strict parser and is the judge: what it refuses
// we refuse as well.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { head, received, useServers } from './running.ts';

const servers = useServers();
const FIRST = 'GET / HTTP/1.1\r\nHost: a\r\n';

async function start() {
  const running = servers.start();
  running.file('index.html', 'index');
  return running;
}

const REFUSED: [string, number, string][] = [
  ['no version', 400, 'GET /\r\n\r\n'],
  ['another version', 505, 'GET / HTTP/2.0\r\nHost: a\r\n\r\n'],
  ['a strange version', 400, 'GET / HTTP/1.10\r\nHost: a\r\n\r\n'],
  ['another protocol', 400, 'GET / ICE/1.1\r\nHost: a\r\n\r\n'],
  ['two blanks', 400, 'GET  / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a tab', 400, 'GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a blank at the end', 400, 'GET / HTTP/1.1 \r\nHost: a\r\n\r\n'],
  ['a blank in the target', 400, 'GET /a b HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a target that is not ASCII', 400, 'GET /\xfc HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['no method', 400, ' / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a method with a colon', 400, 'G:T / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['TLS', 400, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'],
  ['bare line feeds', 400, 'GET / HTTP/1.1\nHost: a\n\n'],
  ['a bare line feed between fields', 400, `${FIRST}X: a\nY: b\r\n\r\n`],
  ['a bare carriage return', 400, `${FIRST}X: a\rY: b\r\n\r\n`],
  ['no Host', 400, 'GET / HTTP/1.1\r\n\r\n'],
  ['two Hosts', 400, `${FIRST}Host: b\r\n\r\n`],
  ['no colon', 400, `${FIRST}Accept\r\n\r\n`],
  ['no name', 400, `${FIRST}: x\r\n\r\n`],
  ['a blank before the colon', 400, `${FIRST}Transfer-Encoding : chunked\r\n\r\n`],
  ['a folded line', 400, `${FIRST}X: a\r\n b\r\n\r\n`],
  ['a folded first line', 400, 'GET / HTTP/1.1\r\n X: a\r\nHost: a\r\n\r\n'],
  ['a NUL', 400, `${FIRST}X: a\0b\r\n\r\n`],
  ['a DEL', 400, `${FIRST}X: a\x7fb\r\n\r\n`],
  ['a name that is no token', 400, `${FIRST}X(: a\r\n\r\n`],
  ['a sign in the length', 400, `${FIRST}Content-Length: +5\r\n\r\nhello`],
  ['a negative length', 400, `${FIRST}Content-Length: -5\r\n\r\nhello`],
  ['a hexadecimal length', 400, `${FIRST}Content-Length: 0x5\r\n\r\nhello`],
  ['an empty length', 400, `${FIRST}Content-Length:\r\n\r\n`],
  ['two lengths', 400, `${FIRST}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`],
  ['a list of lengths', 400, `${FIRST}Content-Length: 5, 5\r\n\r\nhello`],
  ['a length and a coding', 400, `${FIRST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`],
];

/** What node:http answers; 0: it just closes. */
async function statusOfNode(bytes: string): Promise<number> {
  const server = createServer((_request, response) => response.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.end(bytes, 'latin1');
  const text = (await received(socket)).toString('latin1');
  server.close();
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1] ?? 0);
}

describe('refused', () => {
  test.each(REFUSED)('%s', async (_what, status, bytes) => {
    const running = await start();
    const text = await running.raw(bytes + head());
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(text).toContain('\r\nConnection: close\r\n');
    expect(text.match(/^HTTP/gm), 'what follows is no request').toHaveLength(1);
  });

  test('whatever node:http refuses', async () => {
    const running = await start();
    const fields = ['X:a', 'X\x00: a', 'X: \x01', '\x80: a', 'a b: c', '=: a', 'X: \xff', '!: a'];
    const heads = [
      ...REFUSED.map(([, , bytes]) => bytes),
      ...fields.map((f) => `${FIRST}${f}\r\n\r\n`),
    ];
    for (const bytes of heads) {
      const judge = await statusOfNode(bytes);
      if (judge !== 200) expect([bytes, await running.statusOf(bytes)]).not.toEqual([bytes, 200]);
    }
  });
});

describe('taken', () => {
  test.each([
    ['a plain one', head()],
    ['an empty line before it', `\r\n${head()}`],
    ['no blank after the colon', 'GET / HTTP/1.1\r\nHost:a\r\n\r\n'],
    ['blanks around a value', 'GET / HTTP/1.1\r\nHost: \t a \t \r\n\r\n'],
    ['an empty value', head('/', 'Accept:')],
    ['bytes above 127 in a value', head('/', 'X: gr\xfc\xdf')],
    ['a length of nothing', head('/', 'Content-Length: 0')],
    ['names in any case', 'GET / HTTP/1.1\r\nhOST: a\r\nCONTENT-LENGTH: 0\r\n\r\n'],
    ['a field named __proto__', head('/', '__proto__: x', 'constructor: y')],
  ])('%s', async (_what, bytes) => {
    expect(await (await start()).statusOf(bytes)).toBe(200);
  });

  test('byte by byte', async () => {
    const running = await start();
    const socket = await running.connect();
    socket.setNoDelay(true);
    for (const byte of head('/', 'Connection: close')) {
      await new Promise((resolve) => socket.write(byte, resolve));
    }
    expect(String(await received(socket))).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*index$/);
  });
});

test('a body is not read: 413, and what looks like a request in it is none', async () => {
  const running = await start();
  for (const field of ['Content-Length: 999', 'Transfer-Encoding: chunked']) {
    const text = await running.raw(head('/', field) + head());
    expect(text).toMatch(/^HTTP\/1\.1 413 [\s\S]*\r\nConnection: close\r\n/);
    expect(text.match(/^HTTP/gm)).toHaveLength(1);
  }
  const post = await running.raw(
    `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n${head()}`,
  );
  expect(post.match(/^HTTP.*/gm)).toEqual(['HTTP/1.1 405 Method Not Allowed']);
});
