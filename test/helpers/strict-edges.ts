// A kernel that reports an edge once: after it, a descriptor is silent until a call on it has found
// nothing more, or the interest is set anew. Linux reports every arrival, which hides a handler that
// stops early. The descriptors are real ones; only the records of a wait are thinned out.
import { onTestFinished } from 'vitest';
import { installKernel } from '../../src/kernel.ts';
import type { NativePoller } from '../../src/native.ts';
import { Readiness } from '../../src/poller/interest.ts';
import { RECORDS_AT, WORDS_PER_RECORD } from '../../src/poller/records.ts';
import * as sys from '../../src/sys/index.ts';

const READ_BITS = Readiness.Readable | Readiness.ReadClosed | Readiness.Error;
const WRITE_BITS = Readiness.Writable | Readiness.WriteClosed | Readiness.Error;

/** Has the kernel be strict until the end of the test, for pollers that are made from now on. */
export function useStrictEdges(): void {
  const buffers = new Map<number, ArrayBuffer>();
  const words = new WeakMap<NativePoller, Uint32Array>();
  const fds = new Map<number, number>();
  const reported = new Map<number, number>();

  /** Keeps of the records what was not reported yet. @returns how many are left. */
  function thinOut(poller: NativePoller, count: number): number {
    const records = words.get(poller) as Uint32Array;
    let kept = 0;
    for (let index = 0; index < count; index++) {
      const at = RECORDS_AT + index * WORDS_PER_RECORD;
      const fd = fds.get(records[at] as number) as number;
      const before = reported.get(fd) ?? 0;
      const readiness = (records[at + 2] as number) & ~before;
      if (readiness === 0) continue;
      // Once it has reported anything about a direction, it reports nothing more about it.
      const reads = (readiness & READ_BITS) === 0 ? 0 : READ_BITS;
      const writes = (readiness & WRITE_BITS) === 0 ? 0 : WRITE_BITS;
      reported.set(fd, before | reads | writes);
      records.copyWithin(RECORDS_AT + kept * WORDS_PER_RECORD, at, at + WORDS_PER_RECORD);
      records[RECORDS_AT + kept * WORDS_PER_RECORD + 2] = readiness;
      kept++;
    }
    return kept;
  }

  function noting<Rest extends unknown[]>(
    call: (fd: number, ...rest: Rest) => number,
    bits: number,
  ) {
    return (fd: number, ...rest: Rest): number => {
      const result = call(fd, ...rest);
      if (result === sys.WOULD_BLOCK) reported.set(fd, (reported.get(fd) ?? 0) & ~bits);
      return result;
    };
  }

  const undo = installKernel((below) => ({
    pin(size: number) {
      const pinned = below.pin(size);
      if (typeof pinned !== 'number') buffers.set(pinned[0], pinned[1]);
      return pinned;
    },
    recv: noting(below.recv, READ_BITS),
    read: noting(below.read, READ_BITS),
    recvfrom: noting(below.recvfrom, READ_BITS),
    accept4: noting(below.accept4, READ_BITS),
    send: noting(below.send, WRITE_BITS),
    write: noting(below.write, WRITE_BITS),
    poller: {
      open(backend: number, block: number) {
        words.set(this, new Uint32Array(buffers.get(block) as ArrayBuffer));
        return below.poller.open.call(this, backend, block);
      },
      add(fd, slot, generation, interest, trigger, exclusive) {
        fds.set(slot, fd);
        reported.delete(fd);
        const { add } = below.poller;
        return add.call(this, fd, slot, generation, interest, trigger, exclusive);
      },
      modify(fd, slot, generation, interest, trigger) {
        reported.delete(fd);
        return below.poller.modify.call(this, fd, slot, generation, interest, trigger);
      },
      wait(timeoutMs: number) {
        return thinOut(this, below.poller.wait.call(this, timeoutMs));
      },
    },
  }));
  onTestFinished(undo);
}
