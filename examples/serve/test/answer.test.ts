// What is answered to well-made requests: files, conditions, ranges, and the connection that stays.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, utimesSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { head, type Running, useServers } from './running.ts';

const servers = useServers();
const TEXT = 'Hello, readiness!\n';
const MODIFIED = new Date('2026-01-02T03:04:05Z');

function start(): Running {
  const running = servers.start();
  utimesSync(running.file('hello.txt', TEXT), MODIFIED, MODIFIED);
  return running;
}

test('a file, with everything that a client wants to know of it', async () => {
  const { status, headers, body } = await start().get('/hello.txt');
  expect(status).toBe(200);
  expect(String(body)).toBe(TEXT);
  expect(headers).toMatchObject({
    'content-length': String(TEXT.length),
    'content-type': 'text/plain; charset=utf-8',
    'accept-ranges': 'bytes',
    'last-modified': MODIFIED.toUTCString(),
    'x-content-type-options': 'nosniff',
  });
  expect(headers.etag).toMatch(/^"[\da-f]+-[\da-f]+"$/);
  expect(Math.abs(Date.parse(headers.date ?? '') - Date.now())).toBeLessThan(60_000);
});

test('HEAD has the same head and no body', async () => {
  const running = start();
  const whole = await running.get('/hello.txt');
  const answer = await running.get('/hello.txt', {}, 'HEAD');
  expect({ ...answer.headers, date: '' }).toEqual({ ...whole.headers, date: '' });
  expect(answer.body).toHaveLength(0);
});

test('a folder is its index.html, behind a redirect when the slash is missing', async () => {
  const running = start();
  mkdirSync(join(running.folder, 'a b'));
  running.file('a b/index.html', '<p>');
  const { status, headers } = await running.get('/a%20b?x=1&y');
  expect([status, headers.location]).toEqual([301, '/a%20b/?x=1&y']);
  const index = await running.get('/a%20b/');
  expect([index.status, index.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  expect((await running.get('/')).status).toBe(404);
});

test.each([
  ['page.html', 'text/html; charset=utf-8'],
  ['code.js', 'text/javascript; charset=utf-8'],
  ['image.svg', 'image/svg+xml'],
  ['PHOTO.JPG', 'image/jpeg'],
  ['data.json', 'application/json; charset=utf-8'],
  ['no-extension', 'application/octet-stream'],
])('%s is %s', async (name, type) => {
  const running = servers.start();
  running.file(name, 'x');
  expect((await running.get(`/${name}`)).headers['content-type']).toBe(type);
});

test('what is not there is 404 with a short text, without one for HEAD', async () => {
  const running = start();
  const { status, body } = await running.get('/nothing');
  expect([status, String(body)]).toEqual([404, '404 Not Found\n']);
  const answer = await running.get('/nothing', {}, 'HEAD');
  expect([answer.status, answer.body.length]).toEqual([404, 0]);
});

test('other methods are 405, with a list of those that are allowed', async () => {
  const running = start();
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
    const { status, headers } = await running.get('/hello.txt', {}, method);
    expect([method, status, headers.allow]).toEqual([method, 405, 'GET, HEAD']);
  }
});

test('conditions', async () => {
  const running = start();
  const etag = (await running.get('/hello.txt')).headers.etag ?? '';
  const earlier = new Date(+MODIFIED - 1000).toUTCString();
  const table: [number, Record<string, string>][] = [
    [304, { 'if-none-match': etag }],
    [304, { 'if-none-match': `"other", W/${etag}` }],
    [304, { 'if-none-match': '*' }],
    [200, { 'if-none-match': '"other"' }],
    [304, { 'if-modified-since': MODIFIED.toUTCString() }],
    [200, { 'if-modified-since': earlier }],
    [200, { 'if-modified-since': 'not a date' }],
    [200, { 'if-none-match': '"other"', 'if-modified-since': MODIFIED.toUTCString() }],
    [200, { 'if-match': `"other", ${etag}` }],
    [200, { 'if-match': '*' }],
    [412, { 'if-match': '"other"' }],
    [412, { 'if-match': `W/${etag}` }],
    [200, { 'if-unmodified-since': MODIFIED.toUTCString() }],
    [412, { 'if-unmodified-since': earlier }],
    [200, { 'if-unmodified-since': 'not a date' }],
    [200, { 'if-match': etag, 'if-unmodified-since': earlier }],
  ];
  for (const [status, headers] of table) {
    const answer = await running.get('/hello.txt', headers);
    expect({ headers, status: answer.status }).toEqual({ headers, status });
    if (status === 304) expect([answer.body.length, answer.headers.etag]).toEqual([0, etag]);
  }
});

test('ranges', async () => {
  const running = start();
  const etag = (await running.get('/hello.txt')).headers.etag ?? '';
  const date = MODIFIED.toUTCString();
  const table: [string, number, string, Record<string, string>?][] = [
    ['bytes=0-4', 206, 'Hello'],
    ['bytes=7-', 206, 'readiness!\n'],
    ['bytes=-3', 206, 's!\n'],
    ['bytes=0-9999', 206, TEXT],
    ['bytes=-9999', 206, TEXT],
    ['bytes=17-17', 206, '\n'],
    ['bytes=18-', 416, '416 Range Not Satisfiable\n'],
    ['bytes=-0', 416, '416 Range Not Satisfiable\n'],
    ['bytes=0-1,3-4', 200, TEXT],
    ['bytes=4-0', 200, TEXT],
    ['bytes=a-b', 200, TEXT],
    ['bytes=', 200, TEXT],
    ['lines=900-', 200, TEXT],
    ['bytes=0-4', 206, 'Hello', { 'if-range': etag }],
    ['bytes=0-4', 200, TEXT, { 'if-range': '"other"' }],
    ['bytes=0-4', 200, TEXT, { 'if-range': `W/${etag}` }],
    ['bytes=0-4', 206, 'Hello', { 'if-range': date }],
    ['bytes=0-4', 200, TEXT, { 'if-range': new Date(0).toUTCString() }],
  ];
  for (const [range, status, text, more] of table) {
    const { body, ...answer } = await running.get('/hello.txt', { range, ...more });
    expect([range, answer.status, String(body)]).toEqual([range, status, text]);
    if (status === 416) expect(answer.headers['content-range']).toBe('bytes */18');
    if (status === 206) expect(answer.headers['content-range']).toMatch(/^bytes \d+-\d+\/18$/);
  }
  const middle = await running.get('/hello.txt', { range: 'bytes=7-9' });
  expect(middle.headers['content-range']).toBe('bytes 7-9/18');
  expect((await running.get('/hello.txt', { range: 'bytes=7-9' }, 'HEAD')).status).toBe(200);
});

test('an empty file', async () => {
  const running = servers.start();
  running.file('empty');
  const { status, headers } = await running.get('/empty');
  expect([status, headers['content-length']]).toEqual([200, '0']);
  expect((await running.get('/empty', { range: 'bytes=0-' })).status).toBe(416);
});

test('one connection serves request after request, also after a 404', async () => {
  const running = start();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ports = new Set<number>();
  for (const path of ['/hello.txt', '/nothing', '/hello.txt']) {
    const message = request({ port: running.port, path, agent }).end();
    const [response] = await once(message, 'response');
    ports.add(response.socket.localPort);
    for await (const chunk of response) expect(chunk.length).toBeGreaterThan(0);
  }
  agent.destroy();
  expect(ports.size).toBe(1);
});

test('HTTP/1.0 closes, unless the client asks to stay', async () => {
  const running = start();
  const once = await running.raw('GET /hello.txt HTTP/1.0\r\n\r\n');
  expect(once).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\nConnection: close\r\n/);
  const line = 'GET /hello.txt HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n';
  const twice = await running.raw(line + line);
  expect(twice.match(/Connection: keep-alive/g)).toHaveLength(2);
});

test('requests that are sent ahead are answered in their order', async () => {
  const running = start();
  const names = Array.from(
    { length: 300 },
    (_, index) => `/${index % 7 === 0 ? 'no' : 'hello.txt'}`,
  );
  const all = await running.raw(names.map((name) => head(name)).join(''));
  const statuses = all.match(/^HTTP\/1\.1 \d+/gm)?.map((line) => line.slice(9));
  expect(statuses).toEqual(names.map((name) => (name === '/no' ? '404' : '200')));
});

test('a large file arrives bit for bit', async () => {
  const running = servers.start();
  const content = randomBytes(20_000_000);
  running.file('large', content);
  const { body } = await running.get('/large');
  const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  expect(sha(body)).toBe(sha(content));
});
