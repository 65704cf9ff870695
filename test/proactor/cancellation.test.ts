// Operations that do not come to their own end: cancelled, or their memory taken away.
import { describe, expect, it } from 'vitest';
import * as sys from '../../src/sys/index.ts';
import { must, useDescriptors } from '../helpers/descriptors.ts';
import { Driven, fill } from './driven.ts';

interface Resizable extends ArrayBuffer {
  resize(length: number): void;
}

function resizable(length: number, lengthMax: number): Resizable {
  return Reflect.construct(ArrayBuffer, [length, { maxByteLength: lengthMax }]) as Resizable;
}

function drain(fd: number): void {
  const sink = Buffer.alloc(1 << 20);
  while (sys.recv(fd, sink) > 0);
}

describe('cancellation', () => {
  const descriptors = useDescriptors();

  it('of one: ECANCELED, in a turn, and the others of the lane go on', () => {
    const driven = new Driven(descriptors);
    const [ours, theirs] = descriptors.socketpair();
    const descriptor = driven.proactor.open(ours);
    const bytes = Buffer.alloc(4);
    const names = ['one', 'two', 'three'];
    const [first, second] = names.map((name) =>
      descriptor.read(bytes, { data: name, offset: 0, length: 1 }, driven.note),
    );
    expect(descriptor.cancel(second as number)).toBe(true);
    expect(descriptor.cancel(second as number)).toBe(false);
    expect(driven.completions).toEqual([]);
    must(sys.send(theirs, Buffer.from('ab')));
    driven.turnUntil(3);
    expect(driven.completions).toEqual(['two: ECANCELED 0', 'one: 1', 'three: 1']);
    expect(descriptor.cancel(first as number)).toBe(false);
  });

  it('of the last of a lane: what is submitted next is not lost', () => {
    const driven = new Driven(descriptors);
    const [ours, theirs] = descriptors.socketpair();
    const descriptor = driven.proactor.open(ours);
    descriptor.read(Buffer.alloc(1), { data: 'one' }, driven.note);
    descriptor.cancel(descriptor.read(Buffer.alloc(1), { data: 'two' }, driven.note));
    descriptor.read(Buffer.alloc(1), { data: 'three' }, driven.note);
    must(sys.send(theirs, Buffer.from('ab')));
    driven.turnUntil(3);
    expect(driven.completions).toEqual(['two: ECANCELED 0', 'one: 1', 'three: 1']);
  });

  it('reports the bytes that were moved, and does not cancel what is done already', () => {
    const driven = new Driven(descriptors);
    const [ours, theirs] = descriptors.socketpair();
    const descriptor = driven.proactor.open(ours);
    const partial = descriptor.readExactly(Buffer.alloc(8), { data: 'partial' }, driven.note);
    must(sys.send(theirs, Buffer.from('abc')));
    driven.settle();
    const written = descriptor.write(Buffer.from('x'), { data: 'written' }, driven.note);
    expect(descriptor.cancel(written)).toBe(false); // done, and its handler not called yet
    expect(descriptor.cancel(partial)).toBe(true);
    driven.turnUntil(2);
    expect(driven.completions).toEqual(['written: 1', 'partial: ECANCELED 3']);
  });

  it('of all of a descriptor, and of a delay; a number is good for its own operation alone', () => {
    const driven = new Driven(descriptors);
    const [ours, theirs] = descriptors.socketpair();
    const [one, other] = [driven.proactor.open(ours), driven.proactor.open(theirs)];
    fill((bytes) => sys.send(ours, bytes));
    one.read(Buffer.alloc(1), { data: 'read' }, driven.note);
    const id = one.writeAll(Buffer.alloc(100_000), { data: 'write' }, driven.note);
    const delay = driven.proactor.delay(60_000, { data: 'delay' }, driven.note);
    expect(other.cancel(id)).toBe(false);
    expect(driven.proactor.cancel(id)).toBe(false);
    expect(driven.proactor.cancel(delay)).toBe(true);
    expect(one.cancelAll()).toBe(2);
    expect(one.cancelAll()).toBe(0);
    driven.turnUntil(3);
    expect(driven.completions).toEqual([
      'delay: ECANCELED 0',
      'read: ECANCELED 0',
      'write: ECANCELED 0',
    ]);
  });

  it('of an accept takes no connection, and reports no descriptor', () => {
    const driven = new Driven(descriptors);
    const listener = descriptors.listener();
    must(sys.fcntl(listener.fd, sys.constants.F_SETFL, sys.constants.O_NONBLOCK));
    driven.proactor.open(listener.fd).accept({ data: 'accept' }, driven.note);
    driven.proactor.close();
    driven.turnUntil(1);
    expect(driven.completions).toEqual(['accept: ECANCELED -1']);
  });

  it('from a completion handler reaches an operation that waits', () => {
    const driven = new Driven(descriptors);
    const [ours, theirs] = descriptors.socketpair();
    const descriptor = driven.proactor.open(ours);
    descriptor.read(Buffer.alloc(1), (error, result) => {
      driven.note(error, result, 'first');
      expect(descriptor.cancelAll()).toBe(1);
      expect(driven.completions).toEqual(['first: 1']); // never inside a call
    });
    descriptor.read(Buffer.alloc(1), { data: 'second' }, driven.note);
    must(sys.send(theirs, Buffer.from('a')));
    driven.turnUntil(2);
    expect(driven.completions).toEqual(['first: 1', 'second: ECANCELED 0']);
  });
});

describe('memory', () => {
  const descriptors = useDescriptors();

  it('that is detached while an operation waits is a typed error, and the lane goes on', () => {
    const driven = new Driven(descriptors);
    const [ours, theirs] = descriptors.socketpair();
    const descriptor = driven.proactor.open(ours);
    const bytes = new Uint8Array(8);
    const rest = Buffer.alloc(8);
    const parts = [new Uint8Array(2), new Uint8Array(2)] as const;
    descriptor.readExactly(bytes, { data: 'detached' }, driven.note);
    descriptor.recvmsg(parts, new sys.ReceivedMessage(), { data: 'message' }, driven.note);
    descriptor.read(rest, { data: 'rest' }, driven.note);
    for (const { buffer } of [bytes, parts[1]])
      structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
    must(sys.send(theirs, Buffer.from('ab')));
    driven.turnUntil(3);
    expect(driven.completions).toEqual([
      'detached: ERR_BUFFER_DETACHED 0',
      'message: ERR_BUFFER_DETACHED 0',
      'rest: 2',
    ]);
  });

  // What one buffer of a message loses is not made up for by what another one grows by.
  it('of which a part shrinks and another grows while a message waits', () => {
    const driven = new Driven(descriptors);
    const [ours, theirs] = descriptors.socketpair();
    const descriptor = driven.proactor.open(ours);
    const [shrinking, growing] = [resizable(8, 64), resizable(8, 64)];
    const buffers = [new Uint8Array(shrinking), new Uint8Array(growing)];
    const into = new sys.ReceivedMessage();
    descriptor.recvmsg(buffers, into, { data: 'received' }, driven.note);
    descriptor.recvmsg([new Uint8Array(growing)], into, { data: 'grown' }, driven.note);
    fill((bytes) => sys.send(ours, bytes));
    descriptor.sendmsg({ buffers }, { data: 'sent' }, driven.note);
    shrinking.resize(4);
    growing.resize(64);
    must(sys.send(theirs, Buffer.alloc(32)));
    drain(theirs);
    driven.turnUntil(3);
    expect(driven.completions.toSorted()).toEqual([
      'grown: 8', // as long as it was when it was given
      'received: ERR_BUFFER_DETACHED 0',
      'sent: ERR_BUFFER_DETACHED 0',
    ]);
  });

  it('that shrinks while a write waits', () => {
    const driven = new Driven(descriptors);
    const [ours, theirs] = descriptors.socketpair();
    const buffer = resizable(100_000, 100_000);
    fill((bytes) => sys.send(ours, bytes));
    driven.proactor.open(ours).writeAll(new Uint8Array(buffer), { data: 'write' }, driven.note);
    buffer.resize(10);
    drain(theirs);
    driven.turnUntil(1);
    expect(driven.completions).toEqual(['write: ERR_BUFFER_DETACHED 0']);
  });
});
