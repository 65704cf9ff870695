// Descriptors over Unix connections, under level and edge: they arrive in their place, close-on-exec,
// none is left behind whatever happens on the way, and what cannot be passed is refused at the call.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../../src/net/connect/connect.ts';
import type { Connection } from '../../../src/net/connection/connection.ts';
import { adoptConnection } from '../../../src/net/inherit/adopt.ts';
import { listen } from '../../../src/net/listen/listen.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import * as sys from '../../../src/sys/index.ts';
import { itUncut, readWhole, sendWhole, volume } from '../../helpers/cuts.ts';
import { countDescriptors, must, useDescriptors } from '../../helpers/descriptors.ts';
import { codeOf, Recorder } from '../recorder.ts';

const { F_GETFD, FD_CLOEXEC } = sys.constants;
const HOST = '127.0.0.1';
const WORKER = new URL('../../workers/passed-descriptors.mjs', import.meta.url).pathname;

/** A recorder of descriptors and bytes, in the order of the calls. */
class Receiver extends Recorder {
  readonly order: string[] = [];
  readonly fds: number[] = [];
  #lastReport = '';

  // The bytes between two tellings of descriptors are one entry, in however many pieces they come.
  #note(text: string): void {
    const before = this.order.at(-1);
    if (before === undefined || before === this.#lastReport) this.order.push(text);
    else this.order.push(`${this.order.pop()}${text}`);
  }

  get withDescriptors() {
    const { handlers } = this;
    return {
      ...handlers,
      data: (connection: Connection, bytes: Buffer) => {
        this.#note(bytes.toString());
        handlers.data(connection, bytes);
      },
      descriptors: (_: Connection, fds: number[], isTruncated: boolean) => {
        this.#lastReport = `${fds.length} descriptors${isTruncated ? ', truncated' : ''}`;
        this.order.push(this.#lastReport);
        this.fds.push(...fds);
      },
    };
  }
}

function codeThrownBy(call: () => unknown): string | undefined {
  try {
    call();
  } catch (error) {
    return codeOf(error);
  }
  return 'nothing was thrown';
}

describe.each(['level', 'edge'] as const)('%s: descriptor passing', (trigger) => {
  const descriptors = useDescriptors();

  function reactorOf(): Reactor {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    return reactor;
  }

  /** Two connections over a socket pair, of which the second takes descriptors in. */
  async function pair(receiver = new Receiver(), sender = new Recorder()) {
    const reactor = reactorOf();
    const fds = new Int32Array(2);
    must(sys.socketpair(sys.constants.AF_UNIX, sys.constants.SOCK_STREAM, 0, fds));
    const [left = -1, right = -1] = fds;
    const from = adoptConnection(left, { handlers: sender.handlers, reactor, trigger });
    const handlers = receiver.withDescriptors;
    const to = adoptConnection(right, { handlers, receiveDescriptors: true, reactor, trigger });
    await Promise.all([sender.called('open'), receiver.called('open')]);
    return { from, to, receiver, sender };
  }

  /** What was written to the other end of a pipe, through the received end. */
  function expectPipe(writer: number, reader: number, text: string): void {
    sendWhole(writer, Buffer.from(text));
    expect(readWhole(reader, text.length)).toBe(text);
  }

  it('reports descriptors before the bytes that brought them, close-on-exec', async () => {
    const { from, receiver } = await pair();
    const [reader, writer] = descriptors.pipe();
    expect(from.writeDescriptors('with two', [reader, writer])).toBe(true);
    descriptors.close(reader, writer);
    await receiver.receivedAll(8);
    expect(receiver.order).toEqual(['2 descriptors', 'with two']);
    const [first = -1, second = -1] = receiver.fds.map((fd) => descriptors.track(fd));
    expect(sys.fcntl(first, F_GETFD)).toBe(FD_CLOEXEC);
    expect(sys.fcntl(second, F_GETFD)).toBe(FD_CLOEXEC);
    expectPipe(second, first, 'through what was received');
  });

  it('keeps their place in a long queue, and the caller may close its own at once', async () => {
    const { from, to, receiver } = await pair();
    to.pause();
    const filler = Buffer.alloc(volume(1_000_000), 'x');
    const pipes = Array.from({ length: 3 }, () => descriptors.pipe());
    const before = countDescriptors();
    from.write(filler);
    for (const [index, [reader]] of pipes.entries()) {
      from.writeDescriptors(`<${index}>`, [reader]);
      from.write(filler);
      descriptors.close(reader);
    }
    expect(from.writableLength).toBeGreaterThan(3 * filler.length);
    expect(countDescriptors()).toBe(before); // three closed, three duplicates
    to.resume();
    from.end();
    await receiver.called('end');
    expect(receiver.received.toString().replaceAll('x', '')).toBe('<0><1><2>');
    expect(receiver.received.length).toBe(4 * filler.length + 9);
    for (const [index, fd] of receiver.fds.entries()) {
      descriptors.track(fd);
      expectPipe(pipes[index]?.[1] ?? -1, fd, `pipe ${index}`);
    }
    expect(receiver.fds).toHaveLength(3);
  });

  it('keeps its bytes and descriptors while corked, and closes the duplicates after', async () => {
    const { from, receiver } = await pair();
    const [reader, writer] = descriptors.pipe();
    const before = countDescriptors();
    const bytes = Buffer.from('corked');
    from.cork();
    from.writeDescriptors(bytes, [reader]);
    bytes.fill('?');
    expect(countDescriptors()).toBe(before + 1);
    from.uncork();
    expect(countDescriptors()).toBe(before);
    await receiver.receivedAll(6);
    expect(receiver.order).toEqual(['1 descriptors', 'corked']);
    expectPipe(writer, descriptors.track(receiver.fds[0] ?? -1), 'x');
  });

  it('closes what waits when the connection is destroyed', async () => {
    const { from, to, sender } = await pair();
    to.pause();
    from.write(Buffer.alloc(1_000_000));
    const [reader] = descriptors.pipe();
    const before = countDescriptors();
    for (let i = 0; i < 20; i++) from.writeDescriptors('never sent', [reader, reader]);
    expect(countDescriptors()).toBe(before + 40);
    from.destroy();
    expect(countDescriptors()).toBe(before - 1);
    await sender.called('close');
  });

  it('carries 253 in one message, and refuses 254, none, and no byte', async () => {
    const { from, receiver } = await pair();
    const [reader] = descriptors.pipe();
    from.writeDescriptors('many', new Array(253).fill(reader));
    await receiver.receivedAll(4);
    expect(receiver.order).toEqual(['253 descriptors', 'many']);
    for (const fd of receiver.fds) must(sys.close(fd));
    const refused = (data: string | Uint8Array, fds: unknown) =>
      codeThrownBy(() => from.writeDescriptors(data, fds as number[]));
    expect(refused('x', new Array(254).fill(reader))).toBe('ERR_OUT_OF_RANGE');
    expect(refused('x', [])).toBe('ERR_OUT_OF_RANGE');
    expect(refused('', [reader])).toBe('ERR_OUT_OF_RANGE');
    expect(refused('x', reader)).toBe('ERR_INVALID_ARG_TYPE');
    expect(refused('x', [-1])).toBe('ERR_OUT_OF_RANGE');
  });

  it('says EBADF at the call when one is closed, and the connection goes on', async () => {
    const { from, receiver } = await pair();
    const [reader, writer] = descriptors.pipe();
    descriptors.close(writer);
    const call = () => from.writeDescriptors('not sent', [reader, writer]);
    expect(call).toThrow(expect.objectContaining({ code: 'EBADF', fd: writer }));
    from.write('sent');
    await receiver.receivedAll(4);
    expect(receiver.order).toEqual(['sent']);
  });

  it('is left to the handler that throws; the bytes are delivered all the same', async () => {
    const receiver = new Receiver();
    const fds: number[] = [];
    const reported: unknown[] = [];
    const reactor = descriptors.using(new Reactor({ onError: (error) => reported.push(error) }));
    const [left, right] = descriptors.socketpair();
    const to = adoptConnection(sys.dup(right), {
      handlers: {
        ...receiver.handlers,
        descriptors(_: Connection, [fd = -1]: number[]) {
          fds.push(fd);
          throw new Error('from the handler');
        },
      },
      receiveDescriptors: true,
      reactor,
      trigger,
    });
    const [reader] = descriptors.pipe();
    const send = (text: string) =>
      must(sys.sendmsg(left, { buffers: [Buffer.from(text)], descriptors: [reader] }));
    send('1');
    send('2');
    while (fds.length < 2) reactor.turn(1000);
    expect(receiver.received.toString()).toBe('12');
    expect(reported).toHaveLength(2);
    expect(to.isClosed).toBe(false);
    for (const fd of fds) expect(sys.fcntl(descriptors.track(fd), F_GETFD)).toBe(FD_CLOEXEC);
  });

  it('delivers the right bytes when the handler turns another reactor, which reads as well', async () => {
    const inner = descriptors.using(new Reactor());
    const other = new Recorder();
    const [far, near] = descriptors.socketpair();
    adoptConnection(sys.dup(near), { handlers: other.handlers, reactor: inner, trigger });
    const receiver = new Receiver();
    const { from } = await pairWith(receiver, () => {
      sendWhole(far, Buffer.from('overwritten'));
      while (other.count('data') === 0) inner.turn(1000);
    });
    const [reader] = descriptors.pipe();
    from.writeDescriptors('as it was sent', [reader]);
    await receiver.receivedAll(14);
    expect(receiver.received.toString()).toBe('as it was sent');
    for (const fd of receiver.fds) must(sys.close(fd));
  });

  async function pairWith(receiver: Receiver, hook: () => void) {
    const { withDescriptors } = receiver;
    Object.defineProperty(receiver, 'withDescriptors', {
      get: () => ({
        ...withDescriptors,
        descriptors(connection: Connection, fds: number[], isTruncated: boolean) {
          withDescriptors.descriptors(connection, fds, isTruncated);
          hook();
        },
      }),
    });
    return await pair(receiver);
  }

  it('without the option the kernel drops them, and no byte stays behind', async () => {
    const reactor = descriptors.using(new Reactor());
    const [left, right] = descriptors.socketpair();
    const receiver = new Recorder();
    adoptConnection(sys.dup(right), { handlers: receiver.handlers, reactor, trigger });
    reactor.turn(1); // opens what a reactor needs
    const [reader] = descriptors.pipe();
    const before = countDescriptors();
    // Each read ends behind the bytes that brought some, although there are more.
    for (const text of ['a', 'b', 'c', 'd']) {
      must(sys.sendmsg(left, { buffers: [Buffer.from(text)], descriptors: [reader, reader] }));
    }
    must(sys.write(left, Buffer.from('e')));
    if (trigger === 'edge') reactor.turn(1000);
    else while (receiver.received.length < 5) reactor.turn(1000);
    expect(receiver.received.toString()).toBe('abcde');
    expect(countDescriptors()).toBe(before);
  });

  it('is refused over TCP, and so is the option', async () => {
    const reactor = reactorOf();
    const server = new Recorder();
    const listener = listen({ host: HOST, handlers: server.handlers, reactor, trigger });
    descriptors.using(listener);
    const client = descriptors.using(new Recorder());
    const port = listener.port;
    const connection = connect({ host: HOST, port, handlers: client.handlers, reactor });
    const refused = () => connection.writeDescriptors('x', [connection.fd]);
    await client.called('open');
    expect(codeThrownBy(refused)).toBe('ERR_OPTION_UNSUPPORTED');
    const wanted = {
      handlers: { descriptors: () => undefined },
      receiveDescriptors: true,
      reactor,
    };
    expect(codeThrownBy(() => connect({ host: HOST, port, ...wanted }))).toBe(
      'ERR_INVALID_ARG_VALUE',
    );
    expect(codeThrownBy(() => listen({ host: HOST, ...wanted }))).toBe('ERR_INVALID_ARG_VALUE');
    connection.destroy();
    await server.called('close');
  });
});

describe('descriptor passing over paths, and its limits', () => {
  const descriptors = useDescriptors();
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'edgewise-descriptors-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('sends, when it opens, what was written before', async () => {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    const receiver = descriptors.using(new Receiver());
    const path = join(folder, 'early');
    const handlers = receiver.withDescriptors;
    descriptors.using(listen({ path, handlers, receiveDescriptors: true, reactor }));
    const client = descriptors.using(new Recorder());
    const connection = connect({ path, handlers: client.handlers, reactor });
    const [reader, writer] = descriptors.pipe();
    connection.writeDescriptors('early', [reader]);
    descriptors.close(reader);
    await receiver.receivedAll(5);
    expect(receiver.order).toEqual(['1 descriptors', 'early']);
    const received = descriptors.track(receiver.fds[0] ?? -1);
    must(sys.write(writer, Buffer.from('x')));
    expect(sys.read(received, Buffer.alloc(1))).toBe(1);
  });

  it('needs a handler', () => {
    const path = join(folder, 'no-handler');
    const reactor = descriptors.using(new Reactor());
    const call = () => listen({ path, handlers: {}, receiveDescriptors: true, reactor });
    expect(codeThrownBy(call)).toBe('ERR_INVALID_ARG_TYPE');
  });

  /** A process of its own with few descriptors, and an ordinary user where there is one. */
  function limited(mode: string): unknown {
    const { stdout, stderr } = spawnSync(process.execPath, [WORKER, mode], { encoding: 'utf8' });
    expect(stderr).toBe('');
    return JSON.parse(stdout);
  }

  it('reports that some were lost when this process has no numbers left', () => {
    const outcome = limited('truncated');
    expect(outcome).toEqual({ arrived: 3, isTruncated: true, bytes: 'x', left: 0 });
  });

  itUncut('throws ETOOMANYREFS at the call when too many are under way', async () => {
    const { sent, ...outcome } = limited('too-many') as { sent: number };
    expect(sent).toBeGreaterThan(0);
    expect(outcome).toEqual({ code: 'ETOOMANYREFS', isClosed: false, bytes: 'after', left: 0 });
  });

  it('throws EMFILE at the call when there are none for the duplicates, and keeps none', () => {
    expect(limited('no-duplicates')).toEqual({ code: 'EMFILE', isClosed: false, left: 0 });
  });
});
