// Which files can be reached, and that nothing else can.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FileServer } from '../server.ts';
import { head, type Running, useServers } from './running.ts';

const servers = useServers();
const SECRET = 'not for you';

/** A folder with everything that must not be reached, in it and beside it. */
function start(): Running {
  const running = servers.start();
  const { folder } = running;
  mkdirSync(join(folder, 'sub'));
  mkdirSync(join(folder, '.git'));
  for (const name of ['.hidden', '.git/config']) running.file(name, SECRET);
  running.file('open.txt', 'open');
  running.file('sub/index.html', 'sub');
  running.file('gr\u00fc\u00df #1?.txt', 'odd');
  symlinkSync('open.txt', join(folder, 'inside'));
  symlinkSync('sub', join(folder, 'folder'));
  symlinkSync('/etc/passwd', join(folder, 'outside'));
  symlinkSync('/etc', join(folder, 'out'));
  symlinkSync('.hidden', join(folder, 'unhidden'));
  symlinkSync('.git', join(folder, 'ungit'));
  symlinkSync('loop', join(folder, 'loop'));
  symlinkSync('gone', join(folder, 'dangling'));
  return running;
}

test.each([
  ['/open.txt', 'open'],
  ['/sub/', 'sub'],
  ['/sub/?query=/../x', 'sub'],
  ['/open.txt?', 'open'],
  ['/inside', 'open'],
  ['/folder/', 'sub'],
  ['/%6fpen%2etxt', 'open'],
  ['/gr%C3%BC%C3%9F%20%231%3F.txt', 'odd'],
  ['http://anything:80/open.txt', 'open'],
  ['HTTP://anything/sub/?x', 'sub'],
])('%s is served', async (target, text) => {
  const answer = await start().raw(head(target, 'Connection: close'));
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(answer.slice(answer.indexOf('\r\n\r\n') + 4)).toBe(text);
});

test.each([
  [404, '/../open.txt'],
  [404, '/sub/../open.txt'],
  [404, '/./open.txt'],
  [404, '/%2e%2e/etc/passwd'],
  [404, '/%2E%2E/%2e%2e/%2e%2e/etc/passwd'],
  [400, '/..%2f..%2f..%2fetc%2fpasswd'],
  [400, '/sub%2findex.html'],
  [404, '/..%5c..%5cetc%5cpasswd'],
  [404, '/%252e%252e/etc/passwd'],
  [400, '/open.txt%00'],
  [400, '/open.txt%00.html'],
  [400, '/%ff'],
  [400, '/%c0%ae%c0%ae/etc/passwd'],
  [400, '/%'],
  [400, '/%zz'],
  [400, '/open.txt#fragment'],
  [400, 'open.txt'],
  [400, '*'],
  [400, 'file:///etc/passwd'],
  [404, '//etc/passwd'],
  [404, '//evil.example'],
  [404, '//evil.example/..'],
  [404, '/sub//'],
  [404, '/.hidden'],
  [404, '/.git/config'],
  [404, '/%2egit/config'],
  [404, '/.'],
  [404, '/..'],
  [404, '/outside'],
  [404, '/out/passwd'],
  [404, '/out/'],
  [404, '/unhidden'],
  [404, '/ungit/config'],
  [404, '/loop'],
  [404, '/dangling'],
  [404, '/open.txt/'],
  [404, '/open.txt/index.html'],
  [404, '/sub/index.html/'],
  [404, `/${'x'.repeat(300)}`],
  [404, `/${'x/'.repeat(1500)}`],
])('%i %s', async (status, target) => {
  const text = await start().raw(head(target, 'Connection: close'));
  expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(text).not.toMatch(/not for you|root:/);
});

test('no redirect leads to another host', async () => {
  const running = start();
  mkdirSync(join(running.folder, 'evil.example'));
  for (const target of ['/evil.example', 'http://evil.example/evil.example', '/out', '//sub']) {
    const { 1: location } = /\r\nLocation: (.*)\r\n/.exec(await running.raw(head(target))) ?? [];
    expect(location ?? '/evil.example/').toBe('/evil.example/');
  }
});

test('a FIFO, a socket and a device are not there, and nothing waits for them', async () => {
  const running = start();
  expect(spawnSync('mkfifo', [join(running.folder, 'fifo')]).status).toBe(0);
  const socket = createServer().listen(join(running.folder, 'socket'));
  symlinkSync('/dev/zero', join(running.folder, 'zero'));
  for (const target of ['/fifo', '/socket', '/zero']) {
    expect([target, (await running.get(target)).status]).toEqual([target, 404]);
  }
  socket.close();
});

test('what may not be read is not there', async () => {
  const running = start();
  chmodSync(running.file('private', SECRET), 0);
  // Root may read everything.
  const expected = process.getuid?.() === 0 ? 200 : 404;
  expect((await running.get('/private')).status).toBe(expected);
});

test('a root that is reached through a link, or has a dot in its own name, is fine', async () => {
  const outer = mkdtempSync(join(tmpdir(), '.serve-'));
  mkdirSync(join(outer, '.site'));
  writeFileSync(join(outer, '.site/file'), 'there');
  symlinkSync('.site', join(outer, 'link'));
  const running = servers.start({ folder: join(outer, 'link') });
  expect(String((await running.get('/file')).body)).toBe('there');
  rmSync(outer, { recursive: true });
});

test('a root that is none, or a port that is taken, is refused and leaves nothing behind', () => {
  const { folder, port } = servers.start();
  const code = (name: string) => expect.objectContaining({ code: name });
  expect(() => new FileServer({ folder: '/does/not/exist' })).toThrow(code('ENOENT'));
  expect(() => new FileServer({ folder: import.meta.filename })).toThrow(code('ENOTDIR'));
  expect(() => new FileServer({ folder, port })).toThrow(code('EADDRINUSE'));
});
