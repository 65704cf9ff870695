// Ten thousand resets in the middle of everything: `close` is called once for each connection, and
// nothing is left of any: no descriptor, no registration, no entry in a set, no memory.

import { describe, expect, it } from 'vitest';
import * as sys from '../../../src/sys/index.ts';
import { isCutToOneByte } from '../../helpers/cuts.ts';
import { countDescriptors, useDescriptors } from '../../helpers/descriptors.ts';
import { garbageCollector } from '../../helpers/garbage.ts';
import { driven, resetNow, sendAll } from '../driven.ts';
import { codeOf, Recorder } from '../recorder.ts';

const AT_ONCE = 100;
const ROUNDS = 100;
const WARM_UP_ROUNDS = 20;
const ANSWER = Buffer.alloc(isCutToOneByte ? 64 : 256 * 1024);
/** Far below what a connection costs, so that keeping one of two would show. */
const BYTES_PER_RESET_MAX = 250;

const collectGarbage = garbageCollector();

function heapUsed(): number {
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

describe.each(['level', 'edge'] as const)('%s: a flood of resets', (trigger) => {
  const descriptors = useDescriptors();

  it('is survived, reported once each, and forgotten', () => {
    const codes = new Map<string, number>();
    const opened = new WeakSet<object>();
    let [openCount, closeCount, twice] = [0, 0, 0];
    const server = new Recorder();
    const handlers = {
      open: (connection: { write(data: Buffer): boolean }) => {
        openCount++;
        opened.add(connection);
        connection.write(ANSWER); // more than the buffers take: the reset comes in the middle
      },
      data: (connection: { write(data: Buffer): boolean }) => void connection.write(ANSWER),
      close: (connection: object, error?: Error) => {
        closeCount++;
        if (!opened.delete(connection)) twice++;
        const code = codeOf(error) ?? 'orderly';
        codes.set(code, (codes.get(code) ?? 0) + 1);
      },
    };
    const { dial, turnUntil, reactor, listener } = driven(descriptors, server, {
      trigger,
      handlers,
    });
    let [heapBefore, descriptorsBefore] = [0, 0];

    const round = () => {
      const clients = Array.from({ length: AT_ONCE }, dial);
      const accepting = clients.splice(0, 30); // reset while they wait to be accepted
      for (const fd of accepting) resetNow(descriptors, fd);
      const before = openCount;
      turnUntil(() => openCount - before >= clients.length);
      for (const [i, fd] of clients.entries()) {
        if (i % 3 === 0) sendAll(fd, 'more'); // unread when the reset comes
        if (i % 3 === 1) sys.shutdown(fd, sys.constants.SHUT_WR); // an end before the reset
        resetNow(descriptors, fd);
      }
      turnUntil(() => closeCount === openCount && listener.connections.size === 0);
    };
    for (let i = 0; i < ROUNDS; i++) {
      if (i === WARM_UP_ROUNDS) [heapBefore, descriptorsBefore] = [heapUsed(), countDescriptors()];
      round();
    }
    const { accepted, aborted, closed } = listener.stats;
    expect(accepted + aborted).toBe(AT_ONCE * ROUNDS);
    expect([openCount, closeCount, closed, twice]).toEqual([accepted, accepted, accepted, 0]);
    // EPIPE: it had ended its side before the reset. None of them counts as an orderly end.
    const kinds = [...codes.keys()].filter((code) => code !== 'ECONNRESET' && code !== 'EPIPE');
    expect(kinds).toEqual([]);
    expect(codes.get('ECONNRESET')).toBeGreaterThan((AT_ONCE * ROUNDS) / 2);
    expect(reactor.registrationCount).toBe(1);
    expect(countDescriptors()).toBe(descriptorsBefore);
    const resets = (ROUNDS - WARM_UP_ROUNDS) * AT_ONCE;
    expect((heapUsed() - heapBefore) / resets).toBeLessThan(BYTES_PER_RESET_MAX);
  });
});
