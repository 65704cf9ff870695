// `edgewise/sys`: clocks, changes of files, processes, terminals and descriptions of one's own.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { constants as os, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import * as sys from '../../src/sys/index.ts';
import { must, useDescriptors } from '../helpers/descriptors.ts';

const { constants } = sys;
const isLinux = process.platform === 'linux';
const WAIT_MS = 10_000;

/** Waits in the kernel until `fd` is readable; a process that was stopped meanwhile waits on. */
function untilReadable(fd: number): void {
  const epfd = must(sys.epoll_create1());
  must(sys.epoll_ctl(epfd, constants.EPOLL_CTL_ADD, fd, constants.EPOLLIN));
  let ready: number;
  do ready = sys.epoll_wait(epfd, new sys.EpollEvents(1), 1, WAIT_MS);
  while (ready === -constants.EINTR);
  expect(ready).toBe(1);
  must(sys.close(epfd));
}

function errnoOf(result: number): string {
  return sys.errnoName(result);
}

describe.runIf(isLinux)('timerfd', () => {
  const descriptors = useDescriptors();
  const value = new BigUint64Array(1);
  const timer = () =>
    descriptors.track(sys.timerfd_create(constants.CLOCK_MONOTONIC, constants.TFD_NONBLOCK));

  test('expires once, never early', () => {
    const fd = timer();
    const started = process.hrtime.bigint();
    expect(sys.timerfd_settime(fd, 0, 2.25)).toBe(0);
    untilReadable(fd);
    expect(process.hrtime.bigint() - started).toBeGreaterThanOrEqual(2_250_000n);
    expect(sys.eventfd_read(fd, value)).toBe(0);
    expect(value[0]).toBe(1n);
    expect(errnoOf(sys.eventfd_read(fd, value))).toBe('EAGAIN');
    expect(must(sys.fcntl(fd, constants.F_GETFD))).toBe(constants.FD_CLOEXEC);
  });

  test('counts what was not read, and is disarmed by 0', () => {
    const fd = timer();
    must(sys.timerfd_settime(fd, 0, 0.1, 0.1));
    let seen = 0n;
    while (seen < 5n) {
      untilReadable(fd);
      must(sys.eventfd_read(fd, value));
      seen += value[0] as bigint;
    }
    must(sys.timerfd_settime(fd, 0, 0, 0.1));
    expect(errnoOf(sys.eventfd_read(fd, value))).toBe('EAGAIN');
  });

  test('takes a time of the clock', () => {
    const { CLOCK_REALTIME, TFD_TIMER_ABSTIME } = constants;
    const fd = descriptors.track(sys.timerfd_create(CLOCK_REALTIME));
    must(sys.timerfd_settime(fd, TFD_TIMER_ABSTIME, Date.now() - 1000)); // it has passed
    untilReadable(fd);
    must(sys.timerfd_settime(fd, TFD_TIMER_ABSTIME, 9e12)); // the longest that is taken
  });
});

describe.runIf(isLinux)('eventfd_read and eventfd_write', () => {
  const descriptors = useDescriptors();

  test('add up, up to the largest count', () => {
    const fd = descriptors.track(sys.eventfd(0, constants.EFD_NONBLOCK));
    const value = new BigUint64Array(2);
    expect(sys.eventfd_write(fd, 5)).toBe(0);
    expect(sys.eventfd_write(fd, 2n ** 64n - 7n)).toBe(0);
    expect(errnoOf(sys.eventfd_write(fd, 1))).toBe('EAGAIN');
    expect(sys.eventfd_read(fd, value.subarray(1))).toBe(0);
    expect(value).toEqual(BigUint64Array.of(0n, 2n ** 64n - 2n));
    expect(errnoOf(sys.eventfd_read(1_000_003, value))).toBe('EBADF');
  });
});

describe.runIf(isLinux)('inotify', () => {
  const descriptors = useDescriptors();
  const bytes = new Uint8Array(4096);

  function watched() {
    const folder = mkdtempSync(join(tmpdir(), 'edgewise-inotify-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const fd = descriptors.track(sys.inotify_init1(constants.IN_NONBLOCK));
    const { IN_CREATE, IN_DELETE, IN_MOVE, IN_ONLYDIR } = constants;
    const watch = must(
      sys.inotify_add_watch(fd, folder, IN_CREATE | IN_DELETE | IN_MOVE | IN_ONLYDIR),
    );
    const read = () => sys.inotifyEvents(bytes, must(sys.read(fd, bytes)));
    return { folder, fd, watch, read };
  }

  test('reports names, masks and the halves of a rename', () => {
    const { folder, watch, read } = watched();
    const { IN_CREATE, IN_ISDIR, IN_MOVED_FROM, IN_MOVED_TO, IN_DELETE } = constants;
    writeFileSync(join(folder, 'grün'), '');
    mkdirSync(join(folder, 'x'.repeat(255)));
    renameSync(join(folder, 'grün'), join(folder, 'b'));
    unlinkSync(join(folder, 'b'));
    const events = read();
    expect(events.map(({ name, mask }) => [name, mask])).toEqual([
      ['grün', IN_CREATE],
      ['x'.repeat(255), (IN_CREATE | IN_ISDIR) >>> 0],
      ['grün', IN_MOVED_FROM],
      ['b', IN_MOVED_TO],
      ['b', IN_DELETE],
    ]);
    expect(events.every((event) => event.watch === watch)).toBe(true);
    expect(events[2]?.cookie).toBe(events[3]?.cookie);
    expect(events[2]?.cookie).not.toBe(0);
    expect(events[0]?.nameBytes).toEqual(new TextEncoder().encode('grün'));
  });

  test('keeps a name that is no UTF-8 as bytes', () => {
    const { folder, read } = watched();
    const name = Uint8Array.of(0x61, 0xff, 0x62);
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), name]), '');
    const [event] = read();
    expect(event?.nameBytes).toEqual(name);
    expect(event?.name).toBe('a\ufffdb');
  });

  test('ends a watch with IN_IGNORED', () => {
    const { fd, watch, read } = watched();
    expect(sys.inotify_rm_watch(fd, watch)).toBe(0);
    const ignored = { watch, mask: constants.IN_IGNORED, cookie: 0, name: '' };
    expect(read()).toEqual([{ ...ignored, nameBytes: new Uint8Array(0) }]);
    expect(errnoOf(sys.inotify_rm_watch(fd, watch))).toBe('EINVAL');
    expect(errnoOf(sys.read(fd, bytes))).toBe('EAGAIN');
  });

  test('says what it cannot watch', () => {
    const { fd } = watched();
    const add = (path: string | Uint8Array) => sys.inotify_add_watch(fd, path, constants.IN_CREATE);
    expect(errnoOf(add('/nonexistent'))).toBe('ENOENT');
    expect(errnoOf(add(''))).toBe('ENOENT');
    expect(errnoOf(add('/x'.repeat(5000)))).toBe('ENAMETOOLONG');
    expect(() => add('a\0b')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }));
    expect(add(Buffer.from('/'))).toBeGreaterThan(0);
  });
});

test('inotifyEvents refuses what is cut off', () => {
  const event = new Uint8Array(32);
  new Int32Array(event.buffer)[3] = 16;
  expect(sys.inotifyEvents(event)).toHaveLength(1);
  expect(sys.inotifyEvents(event, 0)).toEqual([]);
  for (const length of [1, 15, 16, 31]) {
    const refused = expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' });
    expect(() => sys.inotifyEvents(event, length), String(length)).toThrow(refused);
  }
});

describe.runIf(isLinux)('pidfd', () => {
  const descriptors = useDescriptors();

  test('stands for a process until it has exited, and takes signals for it', async () => {
    const child = spawn('sleep', ['1000']);
    const closed = once(child, 'close');
    const fd = descriptors.track(sys.pidfd_open(child.pid as number));
    expect(sys.pidfd_send_signal(fd, 0)).toBe(0);
    expect(sys.pidfd_send_signal(fd, os.signals.SIGTERM)).toBe(0);
    untilReadable(fd);
    expect(await closed).toEqual([null, 'SIGTERM']);
    expect(errnoOf(sys.pidfd_send_signal(fd, 0))).toBe('ESRCH');
    expect(errnoOf(sys.pidfd_open(child.pid as number))).toBe('ESRCH');
    expect(errnoOf(sys.pidfd_open(1, 1))).toBe('EINVAL');
  });
});

describe('a description of one’s own', () => {
  const descriptors = useDescriptors();
  const flagsOf = (fd: number) => must(sys.fcntl(fd, constants.F_GETFL));

  test('setNonBlocking is seen by duplicates, and taken back', () => {
    const [reader] = descriptors.pipe();
    const copy = descriptors.dup(reader);
    expect(sys.setNonBlocking(reader, false)).toBe(0);
    expect(flagsOf(copy) & constants.O_NONBLOCK).toBe(0);
    expect(sys.setNonBlocking(reader)).toBe(0);
    expect(flagsOf(copy) & constants.O_NONBLOCK).not.toBe(0);
    expect(errnoOf(sys.setNonBlocking(1_000_003))).toBe('EBADF');
  });

  test.runIf(isLinux)('reopen: O_NONBLOCK on it is not seen by others', () => {
    const [reader, writer] = descriptors.pipe();
    must(sys.setNonBlocking(reader, false));
    const own = descriptors.track(sys.reopen(reader, constants.O_NONBLOCK));
    expect(flagsOf(own) & constants.O_NONBLOCK).not.toBe(0);
    expect(flagsOf(reader) & constants.O_NONBLOCK).toBe(0);
    expect(must(sys.fcntl(own, constants.F_GETFD))).toBe(constants.FD_CLOEXEC);
    const ownWriter = descriptors.track(sys.reopen(writer));
    expect(flagsOf(ownWriter) & constants.O_ACCMODE).toBe(constants.O_WRONLY);
    must(sys.write(ownWriter, Buffer.from('x')));
    expect(sys.read(own, new Uint8Array(8))).toBe(1);
    const [socket] = descriptors.socketpair();
    expect(errnoOf(sys.reopen(socket))).toBe('ENXIO');
    expect(errnoOf(sys.reopen(1_000_003))).toBe('EBADF');
  });

  test('isatty and tcgetattr know what is no terminal', () => {
    const [reader] = descriptors.pipe();
    const termios = new sys.Termios();
    expect(errnoOf(sys.isatty(reader))).toMatch(/^(ENOTTY|EINVAL)$/);
    expect(errnoOf(sys.tcgetattr(reader, termios))).toBe('ENOTTY');
    expect(errnoOf(sys.tcsetattr(reader, constants.TCSANOW, termios))).toBe('ENOTTY');
    const refused = expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' });
    expect(() => sys.cfmakeraw(new Uint8Array(60) as never)).toThrow(refused);
  });
});

// A terminal comes from script(1); vitest itself has none.
function inTerminal(program: string): string {
  const path = new URL('../../dist/sys/index.js', import.meta.url).href;
  const source = `import * as sys from '${path}'; const { constants } = sys; ${program}`;
  const module = join(mkdtempSync(join(tmpdir(), 'edgewise-tty-')), 'program.mjs');
  onTestFinished(() => rmSync(dirname(module), { recursive: true }));
  writeFileSync(module, source);
  const command = `'${process.execPath}' '${module}'`;
  const run = spawnSync('script', ['-qec', command, '/dev/null'], { input: '', encoding: 'utf8' });
  expect(run.status, run.stdout).toBe(0);
  return run.stdout.replaceAll('\r', '');
}

const hasScript = spawnSync('script', ['--version']).status === 0;
const noScript = 'script(1) of util-linux is not there: no terminal to try';
if (!hasScript) console.log(`skipped: ${noScript}`);

describe.runIf(hasScript)('a terminal', () => {
  test('is known, and opened again without a flag on the one we share', () => {
    const said = inTerminal(`
      const own = sys.reopen(0, constants.O_NONBLOCK);
      const isNonBlocking = (fd) => (sys.fcntl(fd, constants.F_GETFL) & constants.O_NONBLOCK) !== 0;
      console.log([sys.isatty(0), sys.isatty(own), isNonBlocking(0), isNonBlocking(own)].join());
    `);
    expect(said).toBe('1,1,false,true\n');
  });

  test('becomes raw and what it was before', () => {
    const said = inTerminal(`
      import { execFileSync } from 'node:child_process';
      const echo = () => / -echo /.test(execFileSync('stty', ['-a'], { stdio: ['inherit', 'pipe'] }));
      const [before, raw] = [new sys.Termios(), new sys.Termios()];
      const results = [sys.tcgetattr(0, before), sys.tcgetattr(0, raw), sys.cfmakeraw(raw)];
      results.push(echo(), sys.tcsetattr(0, constants.TCSANOW, raw), echo());
      results.push(sys.tcsetattr(0, constants.TCSANOW, before), echo());
      console.log(JSON.stringify(results));
    `);
    expect(JSON.parse(said)).toEqual([0, 0, 0, false, 0, true, 0, false]);
  });
});
