// What relay() refuses, and its buffer by itself: what happens when splice(2) will not.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { connect } from '../../../src/net/connect/connect.ts';
import { Connection } from '../../../src/net/connection/connection.ts';
import { groupOf } from '../../../src/net/connection/options.ts';
import { RelayBuffer } from '../../../src/net/relay/buffer.ts';
import { Direction } from '../../../src/net/relay/direction.ts';
import { pipes } from '../../../src/net/relay/pipes.ts';
import { relay } from '../../../src/net/relay/relay.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import * as sys from '../../../src/sys/index.ts';
import { isCutToOneByte } from '../../helpers/cuts.ts';
import { must, useDescriptors } from '../../helpers/descriptors.ts';
import { attachedReactor, joined, side } from '../joined.ts';
import { codeOf, Recorder } from '../recorder.ts';

/** What splice(2) answers in place of the kernel, when it has something to say to these arguments. */
type Refusal = (from: number, to: number) => number | undefined;
const kernel = vi.hoisted(() => ({ refusal: (() => undefined) as Refusal }));
vi.mock(import('../../../src/sys/index.ts'), async (importOriginal) => {
  const actual = await importOriginal();
  const splice: typeof actual.splice = (from, fromOffset, to, ...rest) =>
    kernel.refusal(from, to) ?? actual.splice(from, fromOffset, to, ...rest);
  return { ...actual, splice };
});

const level = { trigger: 'level' } as const;
const { EINVAL, EMFILE, ENOSYS, ECONNRESET, SPLICE_F_MOVE } = sys.constants;

const refusal = (call: () => unknown) => {
  try {
    call();
  } catch (error) {
    return codeOf(error);
  }
  return undefined;
};

describe('relay refuses', () => {
  const descriptors = useDescriptors();

  it('what is no connection, or no options', async () => {
    const { reactor } = attachedReactor(descriptors);
    const { connection: a } = await side(descriptors, reactor, level);
    const { connection: b } = await side(descriptors, reactor, level);
    const wrong = (...args: unknown[]) => refusal(() => Reflect.apply(relay, undefined, args));
    for (const what of [undefined, null, 5, {}, { fd: a.fd }]) {
      expect(wrong(what, b)).toBe('ERR_INVALID_ARG_TYPE');
      expect(wrong(a, what)).toBe('ERR_INVALID_ARG_TYPE');
    }
    const options = [null, 5, { copy: 1 }, { handlers: 5 }, { handlers: { close: 'now' } }];
    for (const what of options) expect(wrong(a, b, what)).toBe('ERR_INVALID_ARG_TYPE');
    expect(wrong(a, a)).toBe('ERR_INVALID_ARG_VALUE');
    expect(a.hasDriver || b.hasDriver || a.isClosed || b.isClosed).toBe(false);
  });

  it('connections of two reactors', async () => {
    const a = await side(descriptors, attachedReactor(descriptors).reactor, level);
    const b = await side(descriptors, attachedReactor(descriptors).reactor, level);
    expect(refusal(() => relay(a.connection, b.connection))).toBe('ERR_INVALID_ARG_VALUE');
  });

  it('one that is connecting, ended, closed or in a relay', async () => {
    const { reactor, a, b } = await joined(descriptors, [level, level]);
    const { connection: free } = await side(descriptors, reactor, level);
    expect(refusal(() => relay(free, b.connection))).toBe('ERR_CONNECTION_IN_USE');
    expect(refusal(() => relay(a.connection, free))).toBe('ERR_CONNECTION_IN_USE');

    const handlers = new Recorder().handlers;
    const resolve = () => undefined;
    const connecting = connect({ host: 'name.invalid', port: 1, reactor, resolve, handlers });
    expect(refusal(() => relay(free, connecting))).toBe('ENOTCONN');
    connecting.destroy();
    expect(refusal(() => relay(connecting, free))).toBe('ERR_CLOSED');

    const { connection: ended } = await side(descriptors, reactor, level);
    ended.end();
    expect(refusal(() => relay(free, ended))).toBe('ERR_WRITE_AFTER_END');
    expect(free.hasDriver).toBe(false);
    ended.destroy();
  });
});

if (isCutToOneByte) console.log('skipped: the buffer: every chunk is one byte');
describe.skipIf(isCutToOneByte)('the buffer of a direction', () => {
  const descriptors = useDescriptors();
  afterEach(() => {
    kernel.refusal = () => undefined;
  });

  it('is memory where splice is not wanted', () => {
    expect(new RelayBuffer(true).stopsAtUrgent).toBe(false);
    expect(new RelayBuffer(false).stopsAtUrgent).toBe(SPLICE_F_MOVE !== undefined);
  });

  it.runIf(SPLICE_F_MOVE !== undefined).each([EINVAL, ENOSYS, EMFILE])(
    'what is in the pipe goes on in memory: -%i',
    (errno) => {
      const [source, peer] = descriptors.socketpair();
      const [target, receiver] = descriptors.socketpair();
      must(sys.send(peer, Buffer.from('in the pipe')));
      const buffer = new RelayBuffer(false);
      expect(buffer.fill(source)).toBe(11);
      expect(pipes.openCount).toBe(1);
      kernel.refusal = () => -ECONNRESET;
      expect(buffer.drain(target)).toBe(-ECONNRESET);
      expect([buffer.byteLength, pipes.openCount]).toEqual([11, 1]); // an error of the target
      kernel.refusal = () => -errno;
      expect(buffer.drain(target)).toBe(11);
      expect([buffer.byteLength, buffer.stopsAtUrgent]).toEqual([0, false]);
      expect(pipes.openCount).toBe(0); // not returned to the pool: closed
      const bytes = Buffer.alloc(20);
      expect(bytes.toString('latin1', 0, must(sys.recv(receiver, bytes)))).toBe('in the pipe');
    },
  );

  /** A direction between TCP pairs, moved by hand: no reactor looks at its source. */
  function direction() {
    const reactor = descriptors.using(new Reactor());
    const end = () => {
      const [fd, peer] = descriptors.tcpPair();
      const connection = new Connection(groupOf({ handlers: {}, reactor }, false));
      connection.establish(descriptors.release(fd));
      return { connection, peer };
    };
    const [a, b] = [end(), end()];
    pipes.enter();
    descriptors.using({ close: () => pipes.leave() });
    const reported: string[] = [];
    const report = (name: string) => () => void reported.push(name);
    const owner = {
      onDry: report('dry'),
      onEnd: report('end'),
      onReadFailed: report('read failed'),
      onWriteFailed: report('write failed'),
    };
    const moved = new Direction(a.connection, b.connection, new RelayBuffer(false), owner);
    return { a, b, reported, moved };
  }

  it.runIf(SPLICE_F_MOVE !== undefined).each(['fill', 'drain'] as const)(
    'a direction goes on by copying when %s says EINVAL',
    (step) => {
      const { a, b, reported, moved } = direction();
      const refused: string[] = [];
      kernel.refusal = (from, to) => {
        const isRefused = step === 'fill' ? from === a.connection.fd : to === b.connection.fd;
        if (!isRefused) return undefined;
        refused.push(step);
        return -EINVAL;
      };
      must(sys.send(a.peer, Buffer.from('through')));
      moved.move();
      expect(moved.byteCount).toBe(7);
      expect(refused).toEqual([step]);
      expect(reported).toEqual([]);
    },
  );

  it('an end behind an urgent byte hides no bytes', () => {
    const { MSG_OOB, SHUT_WR } = sys.constants;
    const { a, reported, moved } = direction();
    must(sys.send(a.peer, Buffer.from('before')));
    must(sys.send(a.peer, Buffer.from('!'), 0, 1, MSG_OOB));
    must(sys.send(a.peer, Buffer.from('behind')));
    must(sys.shutdown(a.peer, SHUT_WR));
    for (let i = 0; i < 5 && reported.length === 0; i++) moved.move(); // level: one read each time
    expect(reported).toEqual(['end']);
    expect(moved.byteCount).toBe('beforebehind'.length);
  });
});
