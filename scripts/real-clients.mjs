// Real clients against our servers: curl, wrk, ab and nc (Debian: curl, wrk, apache2-utils,
// netcat-openbsd) against examples/serve, `edgewise echo` and `edgewise relay`. No error, no failed
// request, every byte in its place. `npm run test:long -- clients [--megabytes 1024]` after
// `npm run build`; the large file has 64 MiB by default.
// Prints each check, and last `N passed, N failed`. Exit code 1 when one failed.
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Children } from '../dist/cli/measure/index.js';
import { librariesAgainstServers, missingServers } from './real-servers.mjs';

const MIB = 1 << 20;
const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({ options: { megabytes: { type: 'string', default: '64' } } });
const largeBytes = Number(values.megabytes) * MIB;
if (!Number.isSafeInteger(largeBytes) || largeBytes < MIB) {
  console.error('usage: npm run test:long -- clients [--megabytes N]');
  process.exit(2);
}

const missing = ['curl', 'wrk', 'ab', 'nc'].filter(
  (program) => spawnSync(program, ['-h']).error !== undefined,
);
if (missing.length > 0) {
  console.error(
    `missing: ${missing}; Debian: apt-get install curl wrk apache2-utils netcat-openbsd`,
  );
  process.exit(1);
}

const missingPackages = missingServers();
if (missingPackages.length > 0) {
  console.error(`missing; Debian: apt-get install ${missingPackages.join(' ')}`);
  process.exit(1);
}

const sum = { passed: 0, failed: 0 };
const folder = mkdtempSync(join(tmpdir(), 'real-clients-'));
const page = `<!doctype html>\n${'<p>edgewise</p>\n'.repeat(60)}`;

function ensure(holds, message) {
  if (!holds) throw new Error(message);
}

async function check(name, body) {
  const startMs = performance.now();
  try {
    const detail = (await body()) ?? '';
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    console.log(`ok    ${name} (${seconds} s) ${detail}`.trimEnd());
    sum.passed++;
  } catch (error) {
    console.log(`FAIL  ${name}: ${error.message}`);
    sum.failed++;
  }
}

/** Runs a program; its output is hashed or kept. Throws when its exit code is not `expected`. */
async function run(program, args, { input, isHashed = false, expected = 0 } = {}) {
  const from = typeof input === 'number' ? input : 'pipe';
  const child = spawn(program, args, { stdio: [from, 'pipe', 'pipe'] });
  if (from === 'pipe') child.stdin.on('error', () => undefined).end(input); // it may not read it
  const hash = createHash('sha256');
  const chunks = [];
  let stderr = '';
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  child.stdout.on('data', (bytes) => (isHashed ? hash.update(bytes) : chunks.push(bytes)));
  const [code] = await once(child, 'close');
  ensure(code === expected, `${program} ${args.join(' ')}: exit code ${code}: ${stderr.trim()}`);
  return isHashed ? hash.digest('hex') : `${Buffer.concat(chunks)}`;
}

const curl = (...args) => run('curl', ['--silent', '--show-error', '--max-time', '300', ...args]);

/** Writes random bytes, and gives their SHA-256. */
function writeLarge(path, byteCount) {
  const hash = createHash('sha256');
  const chunk = Buffer.alloc(MIB);
  const fd = openSync(path, 'w');
  for (let left = byteCount; left > 0; left -= chunk.length) {
    randomFillSync(chunk);
    hash.update(chunk);
    writeSync(fd, chunk);
  }
  closeSync(fd);
  return hash.digest('hex');
}

function figure(text, pattern) {
  const match = pattern.exec(text);
  ensure(match !== null, `no ${pattern} in:\n${text}`);
  return match[1];
}

async function curlAgainstServe(url, hash) {
  const status = (...args) => curl('--output', '/dev/null', '--write-out', '%{http_code}', ...args);
  const expectStatus = async (expected, ...args) => {
    const actual = await status(...args);
    ensure(actual === expected, `status ${actual} in place of ${expected}`);
  };
  await check('curl: a page', async () => ensure((await curl(`${url}/`)) === page, 'another page'));
  await check('curl: HEAD', async () => {
    const text = await curl('--head', `${url}/large`);
    ensure(text.startsWith('HTTP/1.1 200 '), text);
    ensure(figure(text, /Content-Length: (\d+)\r/) === `${largeBytes}`, text);
  });
  await check(`curl: a file of ${values.megabytes} MiB, bit for bit`, async () => {
    const got = await run('curl', ['-sS', `${url}/large`], { isHashed: true });
    ensure(got === hash, 'other bytes');
  });
  await check('curl: a range', async () => {
    const got = await run('curl', ['-sS', '-r', '1000-500999', `${url}/large`], { isHashed: true });
    const bytes = Buffer.alloc(500_000);
    const fd = openSync(join(folder, 'large'), 'r');
    readSync(fd, bytes, 0, bytes.length, 1000);
    closeSync(fd);
    ensure(got === createHash('sha256').update(bytes).digest('hex'), 'other bytes');
  });
  await check('curl: a download that was broken off is resumed', async () => {
    const copy = join(folder, 'copy');
    await curl('--output', copy, `${url}/large`);
    truncateSync(copy, largeBytes / 2 + 1);
    await curl('--continue-at', '-', '--output', copy, `${url}/large`);
    const got = await run('sha256sum', [copy]);
    rmSync(copy);
    ensure(got.startsWith(hash), 'other bytes');
  });
  await check('curl: not modified, by entity tag and by date', async () => {
    const tag = join(folder, '.tag');
    await expectStatus('200', '--etag-save', tag, `${url}/`);
    await expectStatus('304', '--etag-compare', tag, `${url}/`);
    await expectStatus('304', '--time-cond', new Date().toUTCString(), `${url}/`);
  });
  await check('curl: 200 pages over one connection', async () => {
    const args = ['--output', '/dev/null', '--write-out', '%{num_connects}\n'];
    const text = await curl(...args, `${url}/?[1-200]`);
    const counts = text.trim().split('\n').map(Number);
    ensure(counts.length === 200 && counts.reduce((all, n) => all + n) === 1, text);
  });
  await check('curl: no way out of the folder, no upload', async () => {
    await expectStatus('404', '--path-as-is', `${url}/../../etc/passwd`);
    await expectStatus('405', '--data', 'x', `${url}/`);
    await expectStatus('405', '--upload-file', join(folder, 'large'), `${url}/large`);
  });
}

async function wrk(name, target, connections) {
  await check(`wrk: ${name}, ${connections} connections`, async () => {
    const text = await run('wrk', ['-t2', `-c${connections}`, '-d2s', target]);
    ensure(!/Socket errors|Non-2xx/.test(text), text);
    const count = Number(figure(text, /(\d+) requests in/));
    ensure(count > 0, text);
    return `${count} requests`;
  });
}

async function ab(name, target, ...args) {
  await check(`ab: ${name}, ${args.join(' ')}`, async () => {
    const text = await run('ab', ['-q', ...args, target]);
    ensure(figure(text, /Failed requests:\s+(\d+)/) === '0', text);
    ensure(!/Non-2xx|Write errors:\s+[1-9]/.test(text), text);
    ensure(figure(text, /Complete requests:\s+(\d+)/) === args[args.indexOf('-n') + 1], text);
  });
}

async function ncAgainstServe(port) {
  const nc = (input) => run('nc', ['-N', '127.0.0.1', `${port}`], { input });
  const head = (...lines) => ['GET / HTTP/1.1', 'Host: x', ...lines, '', ''].join('\r\n');
  await check('nc: a request by hand', async () => {
    const text = await nc(head('Connection: close'));
    ensure(text.startsWith('HTTP/1.1 200 OK\r\n') && text.endsWith(`\r\n\r\n${page}`), text);
  });
  await check('nc: 50 requests sent ahead, then the end of its side', async () => {
    const text = await nc(head().repeat(50));
    ensure(text.split(page).length === 51, `${text.split(page).length - 1} pages`);
  });
  await check('nc: nonsense', async () => {
    ensure((await nc('hello\r\n\r\n')).startsWith('HTTP/1.1 400 '), 'no 400');
  });
}

/** What the descriptors of a process are: files, `socket:[inode]` and the like. */
function openFiles(pid) {
  const names = readdirSync(`/proc/${pid}/fd`);
  return names.map((name) => readlinkSync(`/proc/${pid}/fd/${name}`)).sort();
}

/** Starts a program of ours on Node, and waits until it has printed an address that ends in `:PORT`. */
async function startServer(children, ...args) {
  const child = await children.start({ file: process.execPath, args });
  const [, port] = await child.match(/:(\d+)\n/);
  return { pid: child.pid, port: Number(port) };
}

const edgewise = (children, ...args) =>
  startServer(children, join(root, 'dist/cli/main.js'), ...args, '--port', '0');

async function againstServe(children, hash) {
  const serve = join(root, 'scripts/serve.mjs');
  const server = await startServer(children, serve, folder, '--port', '0');
  const url = `http://127.0.0.1:${server.port}`;
  const before = openFiles(server.pid);
  await curlAgainstServe(url, hash);
  await wrk('a page', `${url}/`, 64);
  await wrk('1 MiB', `${url}/middle`, 16);
  await ab('a page', `${url}/`, '-n', '3000', '-c', '50');
  await ab('a page', `${url}/`, '-n', '3000', '-c', '50', '-k');
  await ab('1 MiB', `${url}/middle`, '-n', '300', '-c', '20', '-k');
  await ncAgainstServe(server.port);
  await check('serve: no descriptor is left behind', async () => {
    // Clients that are gone are seen within moments; ask until it is so.
    for (let pass = 0; pass < 500; pass++) {
      if (openFiles(server.pid).length <= before.length) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`${before.join(' ')} before, ${openFiles(server.pid).join(' ')} now`);
  });
  return server.port;
}

async function againstEcho(children, trigger, hash) {
  const args = ['echo', '--api', 'handlers', '--trigger', trigger];
  const { port } = await edgewise(children, ...args);
  await check(`nc: ${values.megabytes} MiB through echo, ${trigger}`, async () => {
    const input = openSync(join(folder, 'large'), 'r');
    const nc = ['-N', '127.0.0.1', `${port}`];
    const got = await run('nc', nc, { input, isHashed: true }).finally(() => closeSync(input));
    ensure(got === hash, 'other bytes');
  });
  await check(`curl: telnet to echo, ${trigger}`, async () => {
    // It never ends its side, so that its time limit (exit code 28) is how it ends.
    const args = ['-sS', '--max-time', '2', `telnet://127.0.0.1:${port}`];
    const text = await run('curl', args, { input: 'hello\nreadiness\n', expected: 28 });
    ensure(text === 'hello\nreadiness\n', text);
  });
  await check(`nc: 100 clients of echo at once, ${trigger}`, async () => {
    const texts = Array.from({ length: 100 }, (_, index) => `client ${index}\n`.repeat(1000));
    const nc = (input) => run('nc', ['-N', '127.0.0.1', `${port}`], { input });
    const got = await Promise.all(texts.map(nc));
    ensure(
      got.every((text, index) => text === texts[index]),
      'other bytes',
    );
  });
}

async function throughRelay(children, port, hash) {
  await check(`curl: ${values.megabytes} MiB through relay to serve, bit for bit`, async () => {
    const target = `127.0.0.1:${port}`;
    const relay = await edgewise(children, 'relay', '--target', target);
    const url = `http://127.0.0.1:${relay.port}/large`;
    ensure((await run('curl', ['-sS', url], { isHashed: true })) === hash, 'other bytes');
  });
}

const children = new Children();
try {
  writeFileSync(join(folder, 'index.html'), page);
  writeLarge(join(folder, 'middle'), MIB);
  const hash = writeLarge(join(folder, 'large'), largeBytes);
  const port = await againstServe(children, hash);
  for (const trigger of ['level', 'edge']) await againstEcho(children, trigger, hash);
  await throughRelay(children, port, hash);
  await librariesAgainstServers(check);
} finally {
  await children[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
}
console.log(`${sum.passed} passed, ${sum.failed} failed`);
process.exitCode = sum.failed === 0 ? 0 : 1;
