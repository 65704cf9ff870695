// Values of another realm: what a program under jest, jsdom or in a vm context passes is of classes of
// its own, of which nothing is an `instanceof` ours.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isError } from '../../src/errors.ts';
import { MailboxSender } from '../../src/multi/index.ts';
import { Mailbox } from '../../src/multi/mailbox.ts';
import { urlOf } from '../../src/multi/options.ts';
import { connect } from '../../src/net/connect/connect.ts';
import type { Connection } from '../../src/net/connection/connection.ts';
import { bindDatagram } from '../../src/net/datagram/bind.ts';
import { listen } from '../../src/net/listen/listen.ts';
import { openWriter } from '../../src/pipe/writer.ts';
import { Proactor } from '../../src/proactor/proactor.ts';
import { sleep } from '../../src/promises/timing.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import { toDuplex } from '../../src/stream/index.ts';
import * as sys from '../../src/sys/index.ts';
import { checkError, checkSignal } from '../../src/validate.ts';
import { must, useDescriptors } from '../helpers/descriptors.ts';
import { openPair } from '../promises/pair.ts';
import { driven, receiveAvailable } from './driven.ts';
import { codeOf, Recorder } from './recorder.ts';

const realm = createContext({ EventTarget, Event, DOMException });
const foreign = <T>(code: string): T => runInContext(`(${code})`, realm) as T;
const bytes = (text: string) => foreign<Uint8Array>(`Uint8Array.of(${[...Buffer.from(text)]})`);

/** As jsdom has one: of a class of its own. */
interface Controller {
  readonly signal: AbortSignal;
  abort(reason: unknown): void;
}
const controller = () =>
  foreign<Controller>(`(() => {
    class AbortSignal extends EventTarget { aborted = false; reason = undefined; }
    const signal = new AbortSignal();
    return { signal, abort(reason) {
      Object.assign(signal, { aborted: true, reason });
      signal.dispatchEvent(new Event('abort'));
    } };
  })()`);

describe('values of another realm', () => {
  const descriptors = useDescriptors();

  function accepted() {
    const server = new Recorder();
    const world = driven(descriptors, server, {});
    const peer = world.dial();
    world.turnUntil(() => server.connections.length === 1);
    return { ...world, server, peer, connection: server.connections[0] as Connection };
  }

  it('the values are of other classes indeed', () => {
    expect(bytes('a')).not.toBeInstanceOf(Uint8Array);
    expect(foreign('new Error()')).not.toBeInstanceOf(Error);
    expect(controller().signal).not.toBeInstanceOf(AbortSignal);
  });

  it.each([
    ['corked', (connection: Connection) => connection.cork()],
    ['at once', () => undefined],
  ] as const)('bytes are written %s, alone, in a list and from their memory', (_, prepare) => {
    const { connection, peer, turnUntil } = accepted();
    let doneCount = 0;
    prepare(connection);
    connection.write(bytes('a'));
    connection.write([bytes('b'), Buffer.from('c'), bytes('d')]);
    connection.writeZeroCopy(bytes('e'), () => void doneCount++);
    connection.end(bytes('f'));
    let received = '';
    turnUntil(() => {
      received += receiveAvailable(peer).toString();
      return doneCount === 1 && received.length === 6;
    });
    expect(received).toBe('abcdef');
  });

  it('bytes that wait for the connection are sent when it is there', async () => {
    const { listener, reactor, server } = accepted();
    reactor.attach();
    const client = new Recorder();
    const { handlers } = client;
    const connection = connect({ host: '127.0.0.1', port: listener.port, reactor, handlers });
    connection.write(bytes('early'));
    await server.receivedAll(5);
    expect(String(server.received)).toBe('early');
    connection.destroy(foreign<Error>('new TypeError("enough")'));
    await client.called('close');
    expect(client.errors[0]?.message).toBe('enough');
  });

  it('bytes go through a pipe, a datagram socket, a proactor and an awaited connection', async () => {
    const reactor = descriptors.using(new Reactor());
    const [from, to] = descriptors.pipe();
    openWriter(must(sys.dup(to)), { reactor, handlers: {} }).end([bytes('pi'), bytes('pe')]);
    const room = Buffer.alloc(100);
    expect(room.toString('utf8', 0, must(sys.read(from, room)))).toBe('pipe');

    const socket = descriptors.using(bindDatagram({ host: '127.0.0.1', reactor, handlers: {} }));
    expect(socket.send(bytes('datagram'), socket.address)).toBe(true);
    expect(room.toString('utf8', 0, must(sys.recv(socket.fd, room)))).toBe('datagram');

    const [ours, theirs] = descriptors.socketpair();
    const results: number[] = [];
    const descriptor = new Proactor({ reactor }).open(ours);
    descriptor.sendmsg({ buffers: [bytes('pro'), bytes('actor')] }, (_, n) => results.push(n));
    descriptor.read(foreign<Uint8Array>('new Uint8Array(3)'), (_, n) => results.push(n));
    must(sys.send(theirs, Buffer.from('abc')));
    for (let turn = 0; turn < 3; turn++) reactor.turn(0);
    expect(results).toEqual([8, 3]);

    const { client, server } = await openPair(descriptors);
    await client.write(foreign<Uint8Array>('new Uint8Array(200_000).fill(7)')); // in parts
    await client.write(bytes('end'));
    const target = foreign<Uint8Array>('new Uint8Array(10)');
    expect(await server.readInto(target)).toBe(10);
    const rest = await server.readUntil(bytes('end'), 1 << 20);
    expect(rest?.length).toBe(200_000 - 10 + 3);
  });

  it('a path and an abstract name may be bytes of another realm', () => {
    const folder = mkdtempSync(join(tmpdir(), 'edgewise-realms-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const address = new (class extends Object {
      readonly path = bytes(join(folder, 'socket'));
    })();
    const fd = descriptors.track(sys.socket(sys.constants.AF_UNIX, sys.constants.SOCK_STREAM));
    expect(must(sys.bind(fd, address))).toBe(0);
  });

  it('a signal closes what it was given to, with its reason', async () => {
    const reason = foreign<Error>('new Error("given up")');
    const { listener, reactor, server } = accepted();
    reactor.attach();
    const aborts = [controller(), controller(), controller(), controller()] as const;
    const [ofConnect, ofListen, ofDatagram, ofDelay] = aborts;
    const { handlers, ...client } = recorderOf();
    connect({ port: listener.port, reactor, handlers, signal: ofConnect.signal });
    const second = listen({ port: 0, reactor, handlers: {}, signal: ofListen.signal });
    const datagramErrors: unknown[] = [];
    const socket = bindDatagram({
      port: 0,
      reactor,
      handlers: { close: (_, error) => void datagramErrors.push(error) },
      signal: ofDatagram.signal,
    });
    const waiting = sleep(1e6, { reactor, signal: ofDelay.signal });
    await server.called('open', 2);
    for (const each of aborts) each.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await client.recorder.called('close');
    expect(client.recorder.errors).toEqual([reason]);
    expect([second.isClosed, socket.isClosed, ...datagramErrors]).toEqual([true, true, reason]);
    expect(() => listen({ port: 0, handlers: {}, signal: ofListen.signal })).toThrow('given up');
  });

  it('an error is an error, and what only looks like a signal is none', () => {
    for (const code of ['new Error()', 'new RangeError()', 'new (class A extends Error {})()']) {
      expect(() => checkError(foreign(code))).not.toThrow();
    }
    expect(isError(new DOMException('aborted', 'AbortError'))).toBe(true);
    for (const wrong of [{ message: 'no' }, 'text', 5, null]) expect(isError(wrong)).toBe(false);
    for (const wrong of [null, 5, 'abort', {}, { aborted: false }, new EventTarget()]) {
      const error = expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' });
      expect(() => checkSignal(wrong)).toThrow(error);
    }
  });

  it('a URL, shared memory and messages reach the other threads', () => {
    const url = foreign<URL>('({ href: "file:///a.mjs", protocol: "file:" })');
    expect(urlOf(url)).toBe('file:///a.mjs');
    const reactor = descriptors.using(new Reactor());
    const received: unknown[] = [];
    const onMessage = (message: unknown) => void received.push(String(message));
    const mailbox = new Mailbox({ reactor, onMessage });
    const sender = new MailboxSender(mailbox.address);
    sender.post(bytes('bytes'));
    reactor.turn(0);
    expect(received).toEqual(['bytes']);
    const memory = foreign<SharedArrayBuffer>('new SharedArrayBuffer(4096)');
    const make = () => new MailboxSender({ ...mailbox.address, memory });
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' })); // not its type
  });

  function recorderOf() {
    const recorder = new Recorder();
    return { recorder, handlers: recorder.handlers };
  }
});

describe('what the user throws in the middle of a change', () => {
  const descriptors = useDescriptors();

  it('a signal that cannot be released does not keep the close from being reported', () => {
    const errors: unknown[] = [];
    const reactor = descriptors.using(new Reactor({ onError: (error) => errors.push(error) }));
    const listener = descriptors.using(listen({ host: '127.0.0.1', reactor, handlers: {} }));
    const signal = Object.assign(new EventTarget(), {
      aborted: false,
      removeEventListener: () => {
        throw new Error('stays');
      },
    }) as unknown as AbortSignal;
    const closed: string[] = [];
    const { port } = listener;
    const connection = connect({
      port,
      reactor,
      signal,
      handlers: { close: () => void closed.push('connection') },
    });
    const socket = bindDatagram({
      reactor,
      signal,
      handlers: { close: () => void closed.push('socket') },
    });
    expect(() => connection.destroy()).toThrow('stays');
    expect(() => socket.destroy()).toThrow('stays');
    for (let turn = 0; turn < 2; turn++) reactor.turn(0);
    expect(closed).toEqual(['connection', 'socket']);
  });

  it.each(['destroy', 'peer'] as const)(
    'write callbacks that throw keep nothing of a stream from ending: %s',
    async (how) => {
      let report: (error: unknown) => void = () => undefined;
      const reported = new Promise((resolve) => {
        report = resolve;
      });
      const reactor = descriptors.using(new Reactor({ onError: (error) => report(error) }));
      reactor.attach();
      const server = new Recorder();
      const { handlers } = server;
      const listener = descriptors.using(listen({ host: '127.0.0.1', reactor, handlers }));
      const client = new Recorder();
      const { port } = listener;
      const connection = connect({ port, reactor, handlers: client.handlers });
      const peer = await server.opened();
      await client.opened(); // until then writes are Node's, and what their callbacks throw is as well
      const duplex = toDuplex(connection).on('error', () => undefined);
      const thrown = new Error('of a callback');
      const close = new Promise((resolve) => duplex.once('close', resolve));
      duplex.write(Buffer.alloc(16 << 20), () => {
        throw thrown;
      });
      if (how === 'destroy') duplex.destroy(new Error('enough'));
      else peer.destroy(new Error('enough'));
      await close;
      expect(connection.isClosed).toBe(true);
      expect(await reported).toBe(thrown); // at the end of a turn
    },
  );

  it('a listener whose file cannot be removed is closed, and onError gets why', () => {
    const errors: unknown[] = [];
    const reactor = descriptors.using(new Reactor({ onError: (error) => errors.push(error) }));
    const folder = mkdtempSync(join(tmpdir(), 'edgewise-realms-'));
    const path = join(folder, 'f', 'socket');
    mkdirSync(join(folder, 'f'));
    const listener = listen({ path, reactor, handlers: {} });
    rmSync(join(folder, 'f'), { recursive: true });
    writeFileSync(join(folder, 'f'), ''); // ENOTDIR
    listener.close();
    rmSync(folder, { recursive: true });
    expect(listener.isClosed).toBe(true);
    expect(errors).toEqual([]); // at the end of a turn
    reactor.turn(0);
    expect(errors.map(codeOf)).toEqual(['ENOTDIR']);
  });
});
