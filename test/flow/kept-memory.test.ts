// Memory of the caller's that is kept beyond the call, and that shrinks, grows or is transferred before
// it has left: in the write queues of connections and pipes, as zero-copy writes, as awaited writes. What
// is lost is an error, never a gap in the stream; what is won is not sent.
import { describe, expect, it } from 'vitest';
import { queueLimits, WriteQueue } from '../../src/flow/write-queue.ts';
import type { Connection } from '../../src/net/connection/connection.ts';
import { openWriter } from '../../src/pipe/writer.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import * as sys from '../../src/sys/index.ts';
import { itUncut } from '../helpers/cuts.ts';
import { must, useDescriptors } from '../helpers/descriptors.ts';
import { driven, receiveAvailable } from '../net/driven.ts';
import { codeOf, Recorder } from '../net/recorder.ts';
import { openPair } from '../promises/pair.ts';

interface Resizable extends ArrayBuffer {
  resize(length: number): void;
}

const LENGTH = 100;

function resizable(length = LENGTH, lengthMax = 2 * length): Resizable {
  return Reflect.construct(ArrayBuffer, [length, { maxByteLength: lengthMax }]) as Resizable;
}

/** A view that follows its buffer, and one that does not. */
const views = [
  ['a view that follows its buffer', (buffer: ArrayBuffer) => new Uint8Array(buffer)],
  ['a view of a fixed length', (buffer: ArrayBuffer) => new Uint8Array(buffer, 0, LENGTH)],
  ['a Buffer', (buffer: ArrayBuffer) => Buffer.from(buffer, 0, LENGTH)],
] as const;

const losses = [
  ['shrinks by one byte', (buffer: Resizable) => buffer.resize(LENGTH - 1)],
  ['shrinks to nothing', (buffer: Resizable) => buffer.resize(0)],
  ['is transferred', (buffer: Resizable) => structuredClone(buffer, { transfer: [buffer] })],
] as const;

const other = Buffer.alloc(LENGTH, 'o');
const places = [
  ['alone', (write: Write, bytes: Uint8Array) => write(bytes)],
  ['first', (write: Write, bytes: Uint8Array) => [write(bytes), write(other)]],
  ['last', (write: Write, bytes: Uint8Array) => [write(other), write(bytes)]],
  ['in a list', (write: Write, bytes: Uint8Array) => write([other, bytes, other])],
] as const;
type Write = (data: Uint8Array | readonly Uint8Array[]) => unknown;

const everyLoss = places.flatMap(([place, put]) =>
  views.flatMap(([kind, view]) =>
    losses.map(([loss, lose]) => [`${kind}, ${place}, that ${loss}`, put, view, lose] as const),
  ),
);

describe.each(['level', 'edge'] as const)('%s: memory that is kept', (trigger) => {
  const descriptors = useDescriptors();

  function accepted() {
    const server = new Recorder();
    const world = driven(descriptors, server, { trigger, highWaterMark: 1 });
    const peer = world.dial();
    world.turnUntil(() => server.connections.length === 1);
    return { ...world, server, peer, connection: server.connections[0] as Connection };
  }

  it.each(everyLoss)('%s, closes the connection with an error', (_, put, view, lose) => {
    const { server, connection, turnUntil, peer } = accepted();
    const buffer = resizable();
    connection.cork();
    put((data) => connection.write(data), view(buffer));
    lose(buffer);
    turnUntil(() => server.count('close') === 1);
    expect(server.errors.map(codeOf)).toEqual(['ERR_INVALID_ARG_VALUE']);
    expect(connection.writableLength).toBe(0);
    expect(receiveAvailable(peer).length).toBe(0);
  });

  it.each(views)('%s keeps its length when the buffer grows', (_, view) => {
    const { server, connection, turnUntil, peer } = accepted();
    const buffer = resizable();
    const bytes = view(buffer);
    bytes.fill('a'.charCodeAt(0));
    connection.cork();
    connection.write(bytes);
    connection.write([bytes, other]);
    buffer.resize(2 * LENGTH);
    expect(connection.writableLength).toBe(3 * LENGTH);
    turnUntil(() => server.count('drain') === 1);
    expect(connection.writableLength).toBe(0);
    expect(receiveAvailable(peer).toString()).toBe('a'.repeat(2 * LENGTH) + 'o'.repeat(LENGTH));
    expect(connection.write('goes on')).toBe(true);
  });

  itUncut('of which a part was sent already closes the connection, too', async () => {
    const { server, connection, turnUntil, peer } = accepted();
    const length = 16 << 20;
    const buffer = resizable(length);
    connection.write(new Uint8Array(buffer));
    const { bytesWritten, writableLength } = connection;
    expect(bytesWritten).toBeGreaterThan(0);
    expect(bytesWritten + writableLength).toBe(length);
    buffer.resize(length - 1);
    receiveAvailable(peer);
    turnUntil(() => server.count('close') === 1);
    expect(server.errors.map(codeOf)).toEqual(['ERR_INVALID_ARG_VALUE']);
    expect(connection.bytesWritten).toBe(bytesWritten);
  });

  it.each(losses)('a zero-copy write whose memory %s ends with the error', (_, lose) => {
    const { server, connection, turnUntil } = accepted();
    const buffer = resizable();
    const errors: (string | undefined)[] = [];
    connection.cork();
    connection.writeZeroCopy(new Uint8Array(buffer), (error) => errors.push(codeOf(error)));
    lose(buffer);
    turnUntil(() => server.count('close') === 1);
    expect(server.errors.map(codeOf)).toEqual(['ERR_INVALID_ARG_VALUE']);
    expect(errors).toEqual(['ERR_INVALID_ARG_VALUE']);
  });

  it('a zero-copy write whose memory grows sends what it was given', () => {
    const { connection, turnUntil, peer } = accepted();
    const buffer = resizable();
    let doneCount = 0;
    connection.cork();
    connection.writeZeroCopy(new Uint8Array(buffer), () => void doneCount++);
    buffer.resize(2 * LENGTH);
    let count = 0;
    turnUntil(() => {
      count += receiveAvailable(peer).length;
      return doneCount === 1;
    });
    expect(count).toBe(LENGTH);
  });

  it.each(everyLoss)('%s, closes the writer of a pipe with an error', (_, put, view, lose) => {
    const reactor = descriptors.using(new Reactor());
    const [from, to] = descriptors.pipe();
    const errors: (string | undefined)[] = [];
    const handlers = { close: (_: unknown, error?: Error) => void errors.push(codeOf(error)) };
    const writer = openWriter(must(sys.dup(to)), { reactor, trigger, handlers });
    const room = Buffer.alloc(64 * 1024);
    while (sys.write(to, room) > 0); // full: what is written from here on is kept
    const buffer = resizable();
    put((data) => writer.write(data), view(buffer));
    lose(buffer);
    while (sys.read(from, room) > 0);
    reactor.turn(1000);
    expect(errors).toEqual(['ERR_INVALID_ARG_VALUE']);
    expect(writer.writableLength).toBe(0);
    expect(sys.read(from, room)).toBe(-sys.constants.EAGAIN);
  });

  it('of a class of the caller is read as bytes, whatever its constructor and its members do', () => {
    class Frame extends Uint8Array {
      constructor(length: number) {
        super(length);
        this.fill(7);
      }
      override get length(): number {
        return 3;
      }
      override subarray(): never {
        throw new Error('never called');
      }
    }
    const { connection, turnUntil, peer } = accepted();
    connection.cork();
    connection.write(new Frame(10));
    connection.write([new Frame(10), other]);
    expect(connection.writableLength).toBe(20 + LENGTH);
    turnUntil(() => connection.writableLength === 0);
    expect(receiveAvailable(peer)).toEqual(Buffer.concat([Buffer.alloc(20, 7), other]));
  });

  it.each(losses)(
    'the rest of a long awaited write whose memory %s is not sent',
    async (_, lose) => {
      const { client, server } = await openPair(descriptors, { trigger });
      const buffer = resizable(LENGTH, 16 << 20);
      buffer.resize(16 << 20);
      const writing = client.write(new Uint8Array(buffer));
      await server.read(); // it has begun
      lose(buffer);
      const closing = server.close(); // reads on, so that there is room for the next part
      await expect(writing).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
      expect(client.isClosed).toBe(true); // nothing may follow the gap
      await expect(client.write('more')).rejects.toThrow();
      await closing;
    },
  );

  it('an awaited write that waits behind a long one is refused when it has lost bytes', async () => {
    const { client, server } = await openPair(descriptors, { trigger });
    const length = 1 << 20;
    const long = client.write(new Uint8Array(length));
    const buffer = resizable();
    const lost = client.write([other, new Uint8Array(buffer)]);
    const next = client.write('next');
    buffer.resize(1);
    const reading = server.readExactly(length + 4);
    await expect(lost).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    await Promise.all([long, next]); // none of it had been sent
    expect((await reading).subarray(-4).toString()).toBe('next');
  });

  it.each(losses)('a delimiter whose memory %s while it is searched for', async (_, lose) => {
    const { client, server } = await openPair(descriptors, { trigger });
    const buffer = resizable();
    const reading = server.readUntil(new Uint8Array(buffer), 1000);
    lose(buffer);
    await client.write('abc');
    await expect(reading).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    expect(String(await server.read())).toBe('abc');
  });
});

describe('a queue', () => {
  it('that has lost bytes has no copy to hand over', () => {
    const queue = new WriteQueue(queueLimits({}));
    const buffer = resizable();
    queue.keep([other, new Uint8Array(buffer)], 0, false);
    expect(queue.copy()?.length).toBe(2 * LENGTH);
    buffer.resize(2 * LENGTH);
    expect(queue.copy()?.length).toBe(2 * LENGTH);
    buffer.resize(1);
    expect(queue.copy()).toBeUndefined();
  });
});
