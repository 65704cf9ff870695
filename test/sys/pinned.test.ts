// The calls over memory that native code knows do what the calls on a Uint8Array do.
import { describe, expect, it } from 'vitest';
import * as sys from '../../src/sys/index.ts';
import { must, useDescriptors } from '../helpers/descriptors.ts';

const LENGTH = 64;

describe('PinnedBuffer', () => {
  const descriptors = useDescriptors();

  it('receives and sends as recv and send do', () => {
    const [a, b] = descriptors.socketpair();
    const buffer = new sys.PinnedBuffer(LENGTH);
    expect(buffer.recv(a)).toBe(sys.WOULD_BLOCK);
    must(sys.send(b, Buffer.from('pinned')));
    expect(buffer.recv(a, 10)).toBe(6);
    expect(Buffer.from(buffer.bytes.subarray(10, 16)).toString()).toBe('pinned');
    expect(buffer.send(a, 12, 4)).toBe(4);
    const answer = Buffer.alloc(LENGTH);
    expect(sys.recv(b, answer)).toBe(4);
    expect(answer.toString('utf8', 0, 4)).toBe('nned');
  });

  it('reads and writes as read and write do', () => {
    const [reader, writer] = descriptors.pipe();
    const buffer = new sys.PinnedBuffer(LENGTH);
    buffer.bytes.fill(7);
    expect(buffer.write(writer)).toBe(LENGTH);
    buffer.bytes.fill(0);
    expect(buffer.read(reader, 1, 2)).toBe(2);
    expect([...buffer.bytes.subarray(0, 4)]).toEqual([0, 7, 7, 0]);
  });

  it('answers what the kernel says', () => {
    const [a, b] = descriptors.socketpair();
    const buffer = new sys.PinnedBuffer(LENGTH);
    descriptors.close(b);
    expect(buffer.recv(a)).toBe(0);
    expect(sys.errnoName(buffer.send(a))).toBe('EPIPE');
    expect(sys.errnoName(buffer.recv(0x7fffffff))).toBe('EBADF');
  });

  it.each([
    [-1, 0, 1],
    [1.5, 0, 1],
    [Number.NaN, 0, 1],
    [3, -1, 1],
    [3, LENGTH + 1, 0],
    [3, 0, LENGTH + 1],
    [3, 60, 5],
    [3, 2 ** 53, 1],
  ])('refuses fd %s, offset %s, length %s', (fd, offset, length) => {
    const buffer = new sys.PinnedBuffer(LENGTH);
    for (const call of ['recv', 'send', 'read', 'write'] as const) {
      expect(() => buffer[call](fd, offset, length)).toThrow(
        expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
      );
    }
  });

  it.each([0, -1, 1.5, 2 ** 31, Number.NaN])('is never %s bytes long', (length) => {
    expect(() => new sys.PinnedBuffer(length)).toThrow(
      expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
    );
  });

  it('stays usable when its memory is transferred away', () => {
    const [a, b] = descriptors.socketpair();
    const buffer = new sys.PinnedBuffer(LENGTH);
    const memory = buffer.bytes.buffer as ArrayBuffer & { transfer?(): ArrayBuffer };
    const moved = memory.transfer?.() ?? structuredClone(memory, { transfer: [memory] });
    must(sys.send(b, Buffer.from('still')));
    expect(buffer.recv(a)).toBe(5);
    // Node 20 copies such memory instead of moving it.
    const bytes = buffer.bytes.length > 0 ? buffer.bytes : new Uint8Array(moved);
    expect(Buffer.from(bytes.subarray(0, 5)).toString()).toBe('still');
  });
});
