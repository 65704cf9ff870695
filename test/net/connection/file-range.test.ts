// A file among the writes where there is no sendfile, or one that is slow: the copy through memory,
// and how much one call is asked for. The system call is a test's own.
import { ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { constants as os, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { connect } from '../../../src/net/connect/connect.ts';
import { FileRangeEntry } from '../../../src/net/connection/file-range.ts';
import { listen } from '../../../src/net/listen/listen.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import * as sys from '../../../src/sys/index.ts';
import { volume } from '../../helpers/cuts.ts';
import { must, useDescriptors } from '../../helpers/descriptors.ts';
import { Recorder } from '../recorder.ts';

const directory = mkdtempSync(join(tmpdir(), 'edgewise-entry-'));
afterAll(() => rmSync(directory, { recursive: true }));
const ignore = () => undefined;

describe('FileRangeEntry', () => {
  const descriptors = useDescriptors();
  let files = 0;

  function fileOf(contents: Buffer | string): number {
    const path = join(directory, `file${files++}`);
    writeFileSync(path, contents);
    return descriptors.trackFile(openSync(path, 'r+'));
  }

  function drain(fd: number): Buffer {
    const memory = Buffer.alloc(1 << 20);
    const length = sys.recv(fd, memory);
    return memory.subarray(0, Math.max(length, 0));
  }

  it.each(['ENOSYS', 'EINVAL', 'EOPNOTSUPP'] as const)('copies where sendfile is %s', (code) => {
    const [left, right] = descriptors.socketpair();
    const contents = Buffer.alloc(volume(300_000), 'copied ');
    const range = { fd: fileOf(contents), offset: 5, length: volume(250_000) };
    let calls = 0;
    const entry = new FileRangeEntry(range, ignore, () => {
      calls++;
      return -os.errno[code];
    });
    const received: Buffer[] = [];
    for (let i = 0; i < 10_000 && !entry.isSent; i++) {
      const result = entry.sendTo(left);
      if (result !== sys.WOULD_BLOCK) must(result);
      received.push(drain(right));
    }
    expect(Buffer.concat(received).equals(contents.subarray(5, 5 + volume(250_000)))).toBe(true);
    expect(entry.sendTo(left)).toBe(0);
    expect(calls).toBe(1); // what was not there once is not asked for again
  });

  it('reports would-block of the copy, and loses nothing by it', () => {
    const [left, right] = descriptors.socketpair();
    const contents = Buffer.alloc(volume(2_000_000), 'again and again ');
    const range = { fd: fileOf(contents), offset: 0, length: contents.length };
    const entry = new FileRangeEntry(range, ignore, () => -os.errno.ENOSYS);
    let blocked = 0;
    const received: Buffer[] = [];
    for (let i = 0; i < 100_000 && !entry.isSent; i++) {
      const result = entry.sendTo(left);
      if (result === sys.WOULD_BLOCK) {
        blocked++;
        received.push(drain(right));
      }
    }
    for (let last = drain(right); last.length > 0; last = drain(right)) received.push(last);
    expect(blocked).toBeGreaterThan(0);
    expect(Buffer.concat(received).equals(contents)).toBe(true);
  });

  it.each([
    ['sendfile', undefined],
    ['the copy', () => -os.errno.ENOSYS],
  ])('throws ERR_FILE_SHRANK when the file ends too early: %s', (_, sendfile) => {
    const [left] = descriptors.socketpair();
    const fd = fileOf('0123456789');
    const entry = new FileRangeEntry({ fd, offset: 4, length: 6 }, ignore, sendfile);
    ftruncateSync(fd, 4);
    const send = () => entry.sendTo(left);
    expect(send).toThrow(expect.objectContaining({ code: 'ERR_FILE_SHRANK' }));
  });

  it('asks for no more at once than a peer may be kept in', () => {
    const asked: number[] = [];
    const range = { fd: 0, offset: 7, length: 2 ** 40 };
    const entry = new FileRangeEntry(range, ignore, (_out, _in, offset, count) => {
      asked.push(offset as number, count);
      return count;
    });
    const first = entry.sendTo(1);
    expect(entry.sendTo(1)).toBe(first);
    expect(asked).toEqual([7, first, 7 + first, first]);
    expect(first).toBeLessThanOrEqual(1 << 20);
  });

  it('passes on what the socket says, and throws what the file says', () => {
    const entry = (code: 'EPIPE' | 'EAGAIN' | 'EIO') =>
      new FileRangeEntry({ fd: 0, offset: 0, length: 1 }, ignore, () => -os.errno[code]);
    expect(sys.errnoName(entry('EPIPE').sendTo(1))).toBe('EPIPE');
    expect(entry('EAGAIN').sendTo(1)).toBe(sys.WOULD_BLOCK);
    expect(() => entry('EIO').sendTo(1)).toThrow(
      expect.objectContaining({ code: 'EIO', syscall: 'sendfile', fd: 0 }),
    );
  });

  it('leaves alone the bytes that a data handler looks at', async () => {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    const fd = fileOf('FILE');
    const range = { fd, offset: 0, length: 4 };
    const server = new Recorder({
      data: (connection, bytes) => {
        connection.enqueue(new FileRangeEntry(range, ignore, () => -os.errno.ENOSYS));
        connection.end(bytes);
      },
    });
    const { handlers } = server;
    const { port } = descriptors.using(listen({ host: '127.0.0.1', handlers, reactor }));
    const client = descriptors.using(new Recorder());
    connect({ host: '127.0.0.1', port, handlers: client.handlers, reactor }).write('?');
    await client.called('close');
    expect(client.received.toString()).toBe('FILE?');
  });
});
