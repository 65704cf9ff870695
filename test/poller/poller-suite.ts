// One suite for every back-end and trigger: what all of them promise at the level of the Poller.
// poller.level.test.ts and its neighbours run it. Sentences of docs/semantics.md about one trigger
// only are tests of test/behaviour/semantics/.
import { describe, expect, it } from 'vitest';
import { type Backend, Interest, Readiness, type Trigger } from '../../src/poller/interest.ts';
import { Poller } from '../../src/poller/poller.ts';
import * as sys from '../../src/sys/index.ts';
import { type Descriptors, must, reset } from '../helpers/descriptors.ts';
import { eventsNow, expectEvents, expectQuiet } from '../helpers/expect-events.ts';
import { drain, fill, send } from '../helpers/handlers.ts';
import { isOneshot } from '../helpers/matrix.ts';
import { KERNELS } from './kernels.ts';
import { defineSetTests } from './poller-suite.set.ts';

export interface Subject {
  readonly backend: Backend;
  readonly trigger: Trigger;
  readonly descriptors: Descriptors;
}

const TOKEN = 7;
const { Readable, Writable, ReadClosed, WriteClosed } = Readiness;
const TOKENS = [0, 1, 0xffff_ffff, 0x1_0000_0000, Number.MAX_SAFE_INTEGER];

export function definePollerSuite(subject: Subject): void {
  describe(`${subject.backend}, ${subject.trigger}`, () => {
    defineReadinessTests(subject);
    defineInterestTests(subject);
    defineClosingTests(subject);
    defineSetTests(subject);
    defineWaitTests(subject);
  });
}

export function open({ backend, descriptors }: Subject, capacity?: number): Poller {
  return descriptors.using(new Poller({ backend, ...(capacity && { capacity }) }));
}

function defineReadinessTests(subject: Subject): void {
  const { trigger, descriptors } = subject;

  it('is quiet while nothing is ready, and reports Readable when data comes', () => {
    const poller = open(subject);
    const [ours, theirs] = descriptors.socketpair();
    poller.add(ours, TOKEN, Interest.Readable, trigger);
    expectQuiet(poller);
    send(theirs, 'x');
    expect(eventsNow(poller)).toEqual({ [TOKEN]: 'Readable' });
  });

  it('reports what is ready already when the descriptor is added', () => {
    const poller = open(subject);
    const [ours, theirs] = descriptors.socketpair();
    send(theirs, 'x');
    poller.add(ours, TOKEN, Interest.Readable | Interest.Writable, trigger);
    expect(eventsNow(poller)).toEqual({ [TOKEN]: 'Readable|Writable' });
  });

  it('is quiet about a full socket, and reports Writable when the peer has read', () => {
    const poller = open(subject);
    const [ours, theirs] = descriptors.socketpair();
    fill(ours);
    poller.add(ours, TOKEN, Interest.Writable, trigger);
    expectQuiet(poller);
    drain(theirs);
    expectEvents(poller, { [TOKEN]: Writable });
  });

  it('goes on reporting only under level', () => {
    const poller = open(subject);
    const [ours, theirs] = descriptors.socketpair();
    poller.add(ours, TOKEN, Interest.Readable, trigger);
    send(theirs, 'x');
    expectEvents(poller, { [TOKEN]: Readable });
    expect(eventsNow(poller)).toEqual(trigger === 'level' ? { [TOKEN]: 'Readable' } : {});
  });

  it('reports new data after a drain, except under oneshot', () => {
    const poller = open(subject);
    const [ours, theirs] = descriptors.socketpair();
    poller.add(ours, TOKEN, Interest.Readable, trigger);
    send(theirs, 'x');
    expectEvents(poller, { [TOKEN]: Readable });
    drain(ours);
    expectQuiet(poller);
    send(theirs, 'y');
    expect(eventsNow(poller)).toEqual(isOneshot(trigger) ? {} : { [TOKEN]: 'Readable' });
  });

  it('reports the ready ones among many that are not', () => {
    const poller = open(subject);
    const pairs = Array.from({ length: 40 }, () => descriptors.socketpair());
    for (const [index, [ours]] of pairs.entries()) {
      poller.add(ours, index, Interest.Readable, trigger);
    }
    const ready = [3, 17, 39];
    for (const index of ready) send((pairs[index] as readonly number[])[1] as number, 'x');
    expect(eventsNow(poller)).toEqual(Object.fromEntries(ready.map((at) => [at, 'Readable'])));
  });

  it('serves all that are ready in turn when they do not fit into one batch', () => {
    const poller = open(subject, 4);
    const expected: Record<number, number> = {};
    for (let token = 0; token < 30; token++) {
      const [ours, theirs] = descriptors.socketpair();
      send(theirs, 'x');
      poller.add(ours, token, Interest.Readable, trigger);
      expected[token] = Readable;
    }
    expectEvents(poller, expected);
  });
}

function defineInterestTests(subject: Subject): void {
  const { trigger, descriptors } = subject;

  it('reports nothing that the interest does not ask for', () => {
    const poller = open(subject);
    const [ours, theirs] = descriptors.socketpair();
    send(theirs, 'x');
    poller.add(ours, TOKEN, Interest.Writable, trigger);
    expect(eventsNow(poller)).toEqual({ [TOKEN]: 'Writable' });
  });

  it('reports what an added interest asks for, though it was ready before', () => {
    const poller = open(subject);
    const [ours] = descriptors.socketpair();
    poller.add(ours, TOKEN, Interest.Readable, trigger);
    expectQuiet(poller);
    poller.modify(ours, TOKEN, Interest.Readable | Interest.Writable, trigger);
    expect(eventsNow(poller)).toEqual({ [TOKEN]: 'Writable' });
  });

  it('is quiet about an interest that was taken away', () => {
    const poller = open(subject);
    const [ours] = descriptors.socketpair();
    poller.add(ours, TOKEN, Interest.Writable, trigger);
    poller.modify(ours, TOKEN, Interest.Readable, trigger);
    expectQuiet(poller);
  });

  it('reports out-of-band data as Priority', () => {
    const poller = open(subject);
    const [server, client] = descriptors.tcpPair();
    poller.add(server, TOKEN, Interest.Priority, trigger);
    expectQuiet(poller);
    must(sys.send(client, Buffer.from('!'), 0, 1, sys.constants.MSG_OOB));
    expectEvents(poller, { [TOKEN]: Readiness.Priority });
  });

  it('switches the trigger by modify', () => {
    const poller = open(subject);
    const [ours] = descriptors.socketpair();
    poller.add(ours, TOKEN, Interest.Writable, trigger);
    expectEvents(poller, { [TOKEN]: Writable });
    poller.modify(ours, TOKEN, Interest.Writable, 'level');
    for (let i = 0; i < 3; i++) expect(eventsNow(poller)).toEqual({ [TOKEN]: 'Writable' });
    poller.modify(ours, TOKEN, Interest.Writable, 'oneshot');
    expect(eventsNow(poller)).toEqual({ [TOKEN]: 'Writable' });
    expectQuiet(poller);
  });

  it('gives each token back whole, and the new one after modify', () => {
    const poller = open(subject);
    const [ours] = descriptors.socketpair();
    poller.add(ours, TOKEN, Interest.Writable, trigger);
    for (const token of TOKENS) {
      poller.modify(ours, token, Interest.Writable, trigger);
      expect(eventsNow(poller)).toEqual({ [token]: 'Writable' });
    }
  });
}

function defineClosingTests(subject: Subject): void {
  const { backend, trigger, descriptors } = subject;
  const kernel = KERNELS[backend];

  it('reports a half-close with the data before it', () => {
    const poller = open(subject);
    const [ours, theirs] = descriptors.socketpair();
    poller.add(ours, TOKEN, Interest.Readable, trigger);
    send(theirs, 'last words');
    must(sys.shutdown(theirs, sys.constants.SHUT_WR));
    expectEvents(poller, { [TOKEN]: kernel.reportsClosed ? Readable | ReadClosed : Readable });
    expect(drain(ours)).toEqual({ text: 'last words', end: 'end' });
  });

  it('reports both directions of a hang-up', () => {
    const poller = open(subject);
    const [ours, theirs] = descriptors.socketpair();
    const interest = Interest.Readable | Interest.Writable;
    descriptors.close(theirs);
    poller.add(ours, TOKEN, interest, trigger);
    const closed = kernel.reportsClosed ? ReadClosed | WriteClosed : 0;
    expectEvents(poller, { [TOKEN]: interest | closed });
  });

  it('reports to the reader of a pipe that the last writer is gone', () => {
    const poller = open(subject);
    const [reader, writer] = descriptors.pipe();
    poller.add(reader, TOKEN, Interest.Readable, trigger);
    send(writer, 'x');
    descriptors.close(writer);
    expectEvents(poller, { [TOKEN]: kernel.reportsPipeEnd ? Readable | ReadClosed : Readable });
    expect(drain(reader)).toEqual({ text: 'x', end: 'end' });
  });

  it('reports to the writer of a pipe that the last reader is gone, and no bit unasked', () => {
    const poller = open(subject);
    const [reader, writer] = descriptors.pipe();
    fill(writer);
    poller.add(writer, TOKEN, Interest.Writable, trigger);
    expectQuiet(poller);
    descriptors.close(reader);
    const seen = expectEvents(poller, {
      [TOKEN]: kernel.reportsClosed ? Writable | WriteClosed : Writable,
    });
    expect((seen.get(TOKEN) as number) & Readable).toBe(0);
    expect(sys.errnoName(sys.write(writer, Buffer.from('x')))).toBe('EPIPE');
  });

  it('reports a reset', () => {
    const poller = open(subject);
    const [server, client] = descriptors.tcpPair();
    poller.add(server, TOKEN, Interest.Readable, trigger);
    reset(descriptors, client);
    expectEvents(poller, { [TOKEN]: kernel.reportsClosed ? Readable | Readiness.Error : Readable });
    expect(sys.errnoName(sys.read(server, Buffer.alloc(1)))).toBe('ECONNRESET');
  });

  it('reports the end of the peer to a watch that asks for it alone, and no other', () => {
    const canAsk = (kernel.interests & Interest.ReadClosed) !== 0;
    const poller = open(subject);
    for (const interest of [Interest.None, Interest.Writable]) {
      const [ours, theirs] = descriptors.tcpPair();
      fill(ours);
      poller.add(ours, TOKEN, interest, trigger);
      must(sys.shutdown(theirs, sys.constants.SHUT_WR));
      expectQuiet(poller);
      if (canAsk) {
        poller.modify(ours, TOKEN, interest | Interest.ReadClosed, trigger);
        expect(eventsNow(poller)).toEqual({ [TOKEN]: 'ReadClosed' });
        expect(eventsNow(poller)).toEqual(trigger === 'level' ? { [TOKEN]: 'ReadClosed' } : {});
      }
      poller.remove(ours);
    }
  });

  it('reports a hang-up to a watch without interest once, or never', () => {
    const poller = open(subject);
    const [ours, theirs] = descriptors.socketpair();
    poller.add(ours, TOKEN, Interest.None, trigger);
    send(theirs, 'x');
    expectQuiet(poller);
    descriptors.close(theirs);
    expect(eventsNow(poller)).toEqual(
      kernel.reportsHangUpPaused ? { [TOKEN]: 'ReadClosed|WriteClosed' } : {},
    );
    expectQuiet(poller);
  });

  it('reports a number closed behind its back as declared, and takes the number anew', () => {
    const poller = open(subject);
    const [ours] = descriptors.socketpair();
    poller.add(ours, TOKEN, Interest.Readable, trigger);
    descriptors.close(ours);
    const reported = eventsNow(poller);
    expect(reported).toEqual(kernel.reportsClosedNumber ? { [TOKEN]: 'Readable|Error' } : {});
    expectQuiet(poller);
    const [again] = descriptors.socketpair();
    expect(again).toBe(ours);
    poller.add(again, TOKEN + 1, Interest.Writable, trigger);
    expect(eventsNow(poller)).toEqual({ [TOKEN + 1]: 'Writable' });
  });
}

function defineWaitTests(subject: Subject): void {
  it('returns 0 when the time is up, not before', () => {
    const poller = open(subject);
    for (const timeoutMs of [0, 0.3, 1, 2.5]) {
      const start = process.hrtime.bigint();
      expect(poller.wait(timeoutMs)).toBe(0);
      const elapsedMs = Number(process.hrtime.bigint() - start) / 1e6;
      expect(elapsedMs).toBeGreaterThanOrEqual(timeoutMs);
    }
  });

  it('returns at once from a wait of any length when it was notified, once', () => {
    const poller = open(subject);
    for (const timeoutMs of [-1, 1000, 5000, 2 ** 31, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
      poller.notify();
      poller.notify();
      expect(poller.wait(timeoutMs)).toBe(0);
    }
    const start = process.hrtime.bigint();
    expect(poller.wait(2)).toBe(0); // nothing is left of them
    expect(process.hrtime.bigint() - start).toBeGreaterThanOrEqual(2_000_000n);
  });
}
