// `edgewise view FILE`: a trace as text.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Interest, Reactor } from '../../src/index.ts';
import * as sys from '../../src/sys/index.ts';
import { useDescriptors } from '../helpers/descriptors.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const descriptors = useDescriptors();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'view-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const view = (...args: string[]) =>
  execFileSync(process.execPath, [MAIN, 'view', ...args], { encoding: 'utf8' });

it('has a line for each event, and on request those of one descriptor', () => {
  const [a, b] = descriptors.socketpair();
  const path = join(folder, 'two.edgetrace');
  const reactor = new Reactor();
  const trace = reactor.trace();
  const registration = reactor.register(
    b,
    Interest.Readable,
    { onReady: () => void sys.recv(b, Buffer.alloc(8)) },
    { trigger: 'edge' },
  );
  const other = reactor.register(a, Interest.Writable, { onReady: () => other.close() });
  sys.send(a, Buffer.from('hello'));
  reactor.turn(0);
  trace.write(path);
  reactor.close();

  const [heading, ...lines] = view(path).trimEnd().split('\n');
  expect(heading).toMatch(
    /^Reactor 1 of process \d+: (epoll|kqueue), events, \d+ events, 0 dropped;/,
  );
  expect(lines[0]).toMatch(/^ +0\.000 {2}/);
  const { slot, generation } = registration;
  const own = lines.filter((line) => line.includes(`  ${b} [${slot}.${generation}]`));
  expect(own.map((line) => line.slice(30).trim())).toEqual([
    `fd ${b} is registered: it waits for Readable, edge.`,
    `The kernel reports fd ${b}: Readable (edge). It will not report it again until more arrives.`,
    `The handler of fd ${b} is called with Readable: the kernel has reported it.`,
    `The handler of fd ${b} returns.`,
  ]);
  expect(lines.some((line) => line.endsWith('returns. The registration is closed.'))).toBe(true);
  expect(view(path, '--fd', String(b)).trimEnd().split('\n').slice(1)).toEqual(own);
});

it('ends in good order when its reader has seen enough', () => {
  const path = join(folder, 'long.edgetrace');
  const reactor = new Reactor();
  const trace = reactor.trace();
  for (let i = 0; i < 40_000; i++) trace.mark('again'); // more than a pipe takes
  trace.write(path);
  reactor.close();
  const command = '"$0" "$1" view "$2" | head -n 1';
  const args = ['-c', command, process.execPath, MAIN, path];
  const { stdout, stderr } = spawnSync('sh', args, { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^Reactor 1 of .*\n$/);
});

it('says at its end what is worth a look', () => {
  const [a, b] = descriptors.socketpair();
  const path = join(folder, 'once.edgetrace');
  const reactor = new Reactor();
  const trace = reactor.trace({ level: 'calls' });
  const onReady = () => void sys.recv(b, Buffer.alloc(1)); // and there is more
  const registration = reactor.register(b, Interest.Readable, { onReady }, { trigger: 'edge' });
  sys.send(a, Buffer.from('hello'));
  reactor.turn(0);
  trace.write(path);
  reactor.close();
  const { slot, generation } = registration;
  const [finding, advice] = view(path).trimEnd().split('\n').slice(-2);
  expect(finding).toContain(`UNDRAINED [${slot}.${generation}]  fd ${b} is edge-triggered`);
  expect(advice).toMatch(/^ {2}\S.*would-block/);
  expect(view(path, '--fd', String(a))).not.toContain('UNDRAINED');
});

it('makes a page, and both exports, in one go and without the text', () => {
  const path = join(folder, 'all.edgetrace');
  const reactor = new Reactor();
  const trace = reactor.trace();
  trace.mark('here');
  trace.write(path);
  reactor.close();
  const [perfetto, chrome] = ['pftrace', 'json'].map((end) => `${path}.${end}`) as [string, string];
  expect(view(path, '--perfetto', perfetto, '--chrome', chrome)).toBe('');
  expect(readFileSync(perfetto).includes('here')).toBe(true);
  expect(JSON.parse(readFileSync(chrome, 'utf8')).traceEvents).not.toEqual([]);
  const page = `${path}.html`;
  const text = view(path, '-o', page, '--text');
  expect(text).toContain('"here"');
  expect(readFileSync(page, 'utf8')).toContain('all.edgetrace');
});

it('shows a text of the program without what a terminal obeys', () => {
  const path = join(folder, 'bell.edgetrace');
  const reactor = new Reactor();
  const trace = reactor.trace();
  trace.mark('\u001b[2J\u009b');
  trace.write(path);
  reactor.close();
  expect(view(path)).not.toMatch(/[^\P{Cc}\n]/u);
});

it('a folder is no trace: one line and exit code 2', () => {
  const ended = spawnSync(process.execPath, [MAIN, 'view', folder], { encoding: 'utf8' });
  const stderr = `edgewise: ${folder} cannot be read: EISDIR\n`;
  expect(ended).toMatchObject({ status: 2, stdout: '', stderr });
});

it.each([
  ['empty', '', 'not a trace of edgewise'],
  ['none', undefined, 'cannot be read: ENOENT'],
  ['foreign', '#!/bin/sh\n', 'not a trace of edgewise'],
  ['cut', 'EDGTRC1\nx', 'the trace cannot be read'],
])('a file that is %s is one line and exit code 2', (name, text, message) => {
  const path = join(folder, name);
  if (text !== undefined) writeFileSync(path, text);
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'view', path], {
    encoding: 'utf8',
  });
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(new RegExp(`^edgewise: .*${message}.*\\n$`));
});
