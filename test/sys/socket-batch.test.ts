// recvEach and sendEach: what becomes of each socket of a batch, and what is refused.
import { describe, expect, it } from 'vitest';
import * as sys from '../../src/sys/index.ts';
import { itUncut } from '../helpers/cuts.ts';
import { must, useDescriptors } from '../helpers/descriptors.ts';

const descriptors = useDescriptors();
const { SHUT_WR, ENOTSOCK, EPIPE, EBADF } = sys.constants;

/** A batch whose first entries are the near ends of `count` pairs, and the far ends. */
function batchOf(count: number, bytesCount = 1024): { batch: sys.SocketBatch; far: number[] } {
  const batch = new sys.SocketBatch(8, bytesCount);
  const far = Array.from({ length: count }, (_, index) => {
    const [near, other] = descriptors.socketpair();
    batch.fds[index] = near;
    return other;
  });
  return { batch, far };
}

function write(fd: number | undefined, text: string): void {
  expect(sys.send(fd as number, Buffer.from(text))).toBe(text.length);
}

function read(fd: number | undefined): string {
  const bytes = Buffer.alloc(64);
  return bytes.toString('latin1', 0, must(sys.recv(fd as number, bytes)));
}

const first = (row: Int32Array | Uint32Array, count: number) => [...row.subarray(0, count)];

describe('recvEach and sendEach', () => {
  itUncut('an echo of several sockets needs nothing in between', () => {
    const { batch, far } = batchOf(3);
    for (const [index, fd] of far.entries()) write(fd, 'abc'.slice(index));
    expect(sys.recvEach(batch, 3, 64)).toBe(3);
    expect(first(batch.results, 3)).toEqual([3, 2, 1]);
    expect(first(batch.offsets, 3)).toEqual([0, 3, 5]);
    expect(first(batch.lengths, 3)).toEqual([3, 2, 1]);
    expect(Buffer.from(batch.bytes.subarray(0, 6)).toString()).toBe('abcbcc');
    expect(sys.sendEach(batch, 3)).toBe(0);
    expect(first(batch.results, 3)).toEqual([3, 2, 1]);
    expect(far.map(read)).toEqual(['abc', 'bc', 'c']);
  });

  it('each socket has a result of its own: the end, would-block, an error', () => {
    const { batch, far } = batchOf(2);
    must(sys.shutdown(far[0] as number, SHUT_WR));
    batch.fds[2] = descriptors.pipe()[0];
    const [closed] = descriptors.pipe();
    descriptors.close(closed);
    batch.fds[3] = closed;
    batch.lengths.fill(7);
    expect(sys.recvEach(batch, 4, 64)).toBe(4);
    expect(first(batch.results, 4)).toEqual([0, sys.WOULD_BLOCK, -ENOTSOCK, -EBADF]);
    expect(first(batch.lengths, 5)).toEqual([0, 0, 0, 0, 7]); // behind `count` all is as it was
    expect(sys.sendEach(batch, 4)).toBe(0); // nothing to send
    expect(first(batch.results, 4)).toEqual([0, 0, 0, 0]);
  });

  itUncut('receives of as many sockets as there is room for', () => {
    const { batch, far } = batchOf(3, 10);
    for (const fd of far) write(fd, 'abcd');
    expect(sys.recvEach(batch, 3, 4)).toBe(2); // 8 of 10 bytes are taken
    expect(first(batch.results, 2)).toEqual([4, 4]);
    batch.fds[0] = batch.fds[2] as number;
    expect(sys.recvEach(batch, 1, 10)).toBe(1);
    expect(batch.results[0]).toBe(4);
  });

  it('one that blocks keeps no other waiting', () => {
    const { batch, far } = batchOf(2);
    for (const fd of first(batch.fds, 2)) must(sys.setNonBlocking(fd, false));
    write(far[1], 'x');
    expect(sys.recvEach(batch, 2, 64)).toBe(2);
    expect(first(batch.results, 2)).toEqual([sys.WOULD_BLOCK, 1]);
  });

  itUncut('counts what was not sent whole', () => {
    const { batch, far } = batchOf(3, 1 << 22);
    batch.lengths.set([1, 1 << 22, 1]);
    batch.bytes[0] = 65;
    descriptors.close(far[2] as number);
    expect(sys.sendEach(batch, 3)).toBe(2);
    const [whole, short, broken] = batch.results as unknown as [number, number, number];
    expect([whole, broken]).toEqual([1, -EPIPE]);
    expect(short).toBeGreaterThan(0);
    expect(short).toBeLessThan(1 << 22);
    expect(read(far[0])).toBe('A');
  });

  it('refuses with the name of the argument, and has sent nothing then', () => {
    const { batch, far } = batchOf(2, 16);
    const code = (name: string) =>
      expect.objectContaining({ code: 'ERR_OUT_OF_RANGE', message: expect.stringContaining(name) });
    expect(() => new sys.SocketBatch(0, 1)).toThrow(code('entriesMax'));
    expect(() => new sys.SocketBatch(1, 0)).toThrow(code('bytesCount'));
    expect(() => sys.recvEach(batch, 9, 1)).toThrow(code('count'));
    expect(() => sys.recvEach(batch, 1, 17)).toThrow(code('sizeMax'));
    expect(() => sys.recvEach({} as sys.SocketBatch, 1, 1)).toThrow('batch');
    batch.lengths.set([1, 2]);
    batch.offsets.set([0, 15]);
    expect(() => sys.sendEach(batch, 2)).toThrow(code('batch.lengths[1]'));
    batch.offsets[1] = 0xffffffff;
    expect(() => sys.sendEach(batch, 2)).toThrow(code('batch.offsets[1]'));
    batch.fds[1] = -1;
    expect(() => sys.sendEach(batch, 2)).toThrow(code('batch.fds[1]'));
    expect(() => sys.recvEach(batch, 2, 1)).toThrow(code('batch.fds[1]'));
    expect(sys.recv(far[0] as number, Buffer.alloc(1))).toBe(sys.WOULD_BLOCK);
    structuredClone(batch.bytes.buffer, { transfer: [batch.bytes.buffer as ArrayBuffer] });
    expect(() => sys.recvEach(batch, 1, 1)).toThrow('detached');
  });
});
