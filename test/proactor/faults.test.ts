// Wrong arguments, states that do not allow a call, descriptors watched or closed by others, resets.
import { describe, expect, it } from 'vitest';
import { Proactor } from '../../src/proactor/proactor.ts';
import * as sys from '../../src/sys/index.ts';
import { reset, useDescriptors } from '../helpers/descriptors.ts';
import { Driven, fill } from './driven.ts';

const never = (): void => expect.fail('a handler was called');

describe('arguments and states', () => {
  const descriptors = useDescriptors();

  it.each([
    ['no handler', 'ERR_INVALID_ARG_TYPE', (d) => d.read(Buffer.alloc(1), undefined as never)],
    ['no bytes', 'ERR_INVALID_ARG_TYPE', (d) => d.read('text' as never, never)],
    ['no room', 'ERR_OUT_OF_RANGE', (d) => d.read(Buffer.alloc(0), never)],
    [
      'no room left',
      'ERR_OUT_OF_RANGE',
      (d) => d.readExactly(Buffer.alloc(4), { offset: 4 }, never),
    ],
    ['an offset beyond', 'ERR_OUT_OF_RANGE', (d) => d.write(Buffer.alloc(4), { offset: 5 }, never)],
    [
      'a length beyond',
      'ERR_OUT_OF_RANGE',
      (d) => d.write(Buffer.alloc(4), { offset: 1, length: 4 }, never),
    ],
    [
      'shared',
      'ERR_INVALID_ARG_TYPE',
      (d) => d.read(new Uint8Array(new SharedArrayBuffer(4)), never),
    ],
    ['no address', 'ERR_INVALID_ARG_TYPE', (d) => d.connect(7 as never, never)],
    ['no SocketAddress', 'ERR_INVALID_ARG_TYPE', (d) => d.accept({ from: {} as never }, never)],
    ['no message', 'ERR_INVALID_ARG_TYPE', (d) => d.sendmsg(1 as never, never)],
    ['no buffers', 'ERR_INVALID_ARG_TYPE', (d) => d.sendmsg({ buffers: 1 as never }, never)],
    [
      'a wrong descriptor',
      'ERR_OUT_OF_RANGE',
      (d) => d.sendmsg({ buffers: [], descriptors: [-1] }, never),
    ],
    [
      'no ReceivedMessage',
      'ERR_INVALID_ARG_TYPE',
      (d) => d.recvmsg([Buffer.alloc(1)], {} as never, never),
    ],
    ['no file', 'ERR_INVALID_ARG_VALUE', (d) => d.sendFile(d.fd, never)],
  ] satisfies [string, string, (descriptor: ReturnType<Proactor['open']>) => unknown][])(
    '%s: %s at once, and nothing is pending',
    (_what, code, call) => {
      const driven = new Driven(descriptors);
      const descriptor = driven.proactor.open(descriptors.socketpair()[0]);
      expect(() => call(descriptor)).toThrowError(expect.objectContaining({ code }));
      expect(driven.proactor.pendingCount).toBe(0);
      driven.settle();
    },
  );

  it('of the proactor', () => {
    const { proactor, reactor } = new Driven(descriptors);
    const [ours] = descriptors.socketpair();
    const options = (value: unknown) => () => new Proactor(value as never);
    const calls: [string, () => unknown][] = [
      ['ERR_INVALID_ARG_TYPE', options({ reactor: {} })],
      ['ERR_INVALID_ARG_VALUE', options({ reactor, trigger: 'oneshot' })],
      ['ERR_OUT_OF_RANGE', () => proactor.open(-1)],
      ['EBADF', () => proactor.open(1_000_000)],
      ['ERR_OUT_OF_RANGE', () => proactor.delay(-1, never)],
      ['ERR_INVALID_ARG_TYPE', () => proactor.delay(1, 5 as never)],
    ];
    for (const [code, call] of calls) {
      expect(call).toThrowError(expect.objectContaining({ code }));
    }
    const descriptor = proactor.open(ours);
    expect(() => proactor.open(ours)).toThrowError(expect.objectContaining({ code: 'EEXIST' }));
    descriptor.close();
    descriptor.close();
    expect(() => descriptor.read(Buffer.alloc(1), never)).toThrowError(
      expect.objectContaining({ code: 'ERR_CLOSED' }),
    );
    proactor.open(ours);
    proactor.close();
    expect(() => proactor.open(ours)).toThrowError(expect.objectContaining({ code: 'ERR_CLOSED' }));
    expect(() => proactor.delay(1, never)).toThrowError(
      expect.objectContaining({ code: 'ERR_CLOSED' }),
    );
  });

  it('a descriptor that the reactor watches otherwise, and one that cannot be waited for', () => {
    const driven = new Driven(descriptors);
    const [ours] = descriptors.socketpair();
    driven.reactor.register(ours, 0, { onReady: never });
    driven.proactor.open(ours).read(Buffer.alloc(1), { data: 'watched' }, driven.note);
    const [listening] = [descriptors.listener().fd];
    driven.proactor.open(listening).read(Buffer.alloc(1), { data: 'listener' }, driven.note);
    driven.turnUntil(2);
    expect(driven.completions).toEqual(['watched: EEXIST 0', 'listener: ENOTCONN 0']);
  });

  it('a descriptor that is closed elsewhere: the operation completes, and is not forgotten', () => {
    const driven = new Driven(descriptors);
    const [ours] = descriptors.socketpair();
    const descriptor = driven.proactor.open(ours);
    descriptor.read(Buffer.alloc(1), { data: 'read' }, driven.note);
    descriptors.close(ours);
    descriptor.write(Buffer.from('x'), { data: 'write' }, driven.note);
    descriptor.close();
    driven.turnUntil(2);
    expect(driven.completions).toEqual(['write: EBADF 0', 'read: ECANCELED 0']);
  });

  it('a reset: both directions complete', () => {
    const driven = new Driven(descriptors);
    const [ours, theirs] = descriptors.tcpPair();
    const descriptor = driven.proactor.open(ours);
    fill((bytes) => sys.send(ours, bytes));
    descriptor.read(Buffer.alloc(1), { data: 'read' }, driven.note);
    descriptor.writeAll(Buffer.alloc(1 << 20), { data: 'write' }, driven.note);
    driven.settle();
    reset(descriptors, theirs);
    driven.turnUntil(2);
    expect(
      driven.completions.map((each) => each.replace(/ECONNRESET|EPIPE/, 'RESET')).toSorted(),
    ).toEqual(expect.arrayContaining([expect.stringMatching(/^write: RESET/)]));
  });
});
