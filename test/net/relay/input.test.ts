// What relay() refuses, and the conduits by themselves: what happens when splice(2) will not.
import { describe, expect, it } from 'vitest';
import { connect } from '../../../src/net/connect/connect.ts';
import { Connection } from '../../../src/net/connection/connection.ts';
import { groupOf } from '../../../src/net/connection/options.ts';
import { CopyConduit, createConduit, SpliceConduit } from '../../../src/net/relay/buffer.ts';
import { Direction } from '../../../src/net/relay/direction.ts';
import { pipes } from '../../../src/net/relay/pipes.ts';
import { relay } from '../../../src/net/relay/relay.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import * as sys from '../../../src/sys/index.ts';
import { isCutToOneByte } from '../../helpers/cuts.ts';
import { must, useDescriptors } from '../../helpers/descriptors.ts';
import { attachedReactor, joined, side } from '../joined.ts';
import { codeOf, Recorder } from '../recorder.ts';

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
    expect(refusal(() => relay(free, b.connection))).toBe('ERR_CONNECTION_RELAYED');
    expect(refusal(() => relay(a.connection, free))).toBe('ERR_CONNECTION_RELAYED');

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

if (isCutToOneByte) console.log('skipped: conduits: every piece is one byte');
describe.skipIf(isCutToOneByte)('conduits', () => {
  const descriptors = useDescriptors();

  it('memory is taken where splice is not wanted', () => {
    expect(createConduit(true)).toBeInstanceOf(CopyConduit);
    const best = SPLICE_F_MOVE === undefined ? CopyConduit : SpliceConduit;
    expect(createConduit(false)).toBeInstanceOf(best);
  });

  it.runIf(SPLICE_F_MOVE !== undefined).each([EINVAL, ENOSYS, EMFILE])(
    'what is in the pipe goes on in memory: -%i',
    (errno) => {
      const [source, peer] = descriptors.socketpair();
      const [target, receiver] = descriptors.socketpair();
      must(sys.send(peer, Buffer.from('in the pipe')));
      const conduit = new SpliceConduit();
      expect(conduit.fill(source)).toBe(11);
      expect(conduit.replacementFor(-ECONNRESET)).toBeUndefined();
      const replacement = conduit.replacementFor(-errno) as CopyConduit;
      expect(replacement.byteLength).toBe(11);
      expect(conduit.byteLength).toBe(0);
      expect(pipes.openCount).toBe(0); // not returned to the pool: closed
      expect(replacement.drain(target)).toBe(11);
      const bytes = Buffer.alloc(20);
      expect(bytes.toString('latin1', 0, must(sys.recv(receiver, bytes)))).toBe('in the pipe');
    },
  );

  /** A direction over `conduit` between TCP pairs, pumped by hand: no reactor looks at its source. */
  function direction(conduit: SpliceConduit) {
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
    const told: string[] = [];
    const tell = (name: string) => () => void told.push(name);
    const owner = {
      ...{ onDry: tell('dry'), onEnd: tell('end') },
      ...{ onReadFailed: tell('read failed'), onWriteFailed: tell('write failed') },
    };
    return { a, told, pumped: new Direction(a.connection, b.connection, conduit, owner) };
  }

  it.runIf(SPLICE_F_MOVE !== undefined).each(['fill', 'drain'] as const)(
    'a direction goes on by copying when %s says EINVAL',
    (step) => {
      const conduit = new SpliceConduit();
      const refused: string[] = [];
      conduit[step] = () => {
        refused.push(step);
        return -EINVAL;
      };
      const { a, told, pumped } = direction(conduit);
      must(sys.send(a.peer, Buffer.from('through')));
      pumped.pump();
      expect(pumped.byteCount).toBe(7);
      expect(refused).toEqual([step]);
      expect(told).toEqual([]);
    },
  );

  it('an end behind an urgent byte hides no bytes', () => {
    const { MSG_OOB, SHUT_WR } = sys.constants;
    const { a, told, pumped } = direction(new SpliceConduit());
    must(sys.send(a.peer, Buffer.from('before')));
    must(sys.send(a.peer, Buffer.from('!'), 0, 1, MSG_OOB));
    must(sys.send(a.peer, Buffer.from('behind')));
    must(sys.shutdown(a.peer, SHUT_WR));
    for (let i = 0; i < 5 && told.length === 0; i++) pumped.pump(); // level: a piece each time
    expect(told).toEqual(['end']);
    expect(pumped.byteCount).toBe('beforebehind'.length);
  });
});
