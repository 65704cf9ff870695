// The layers above the reactor, in use: no finding. What they do with a descriptor is theirs, and correct.
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { bindDatagram, openReader, openWriter, relay } from '../../../src/index.ts';
import { connect } from '../../../src/net/connect/connect.ts';
import { adoptConnection } from '../../../src/net/inherit/index.ts';
import { listen } from '../../../src/net/listen/listen.ts';
import { Proactor } from '../../../src/proactor/index.ts';
import * as promises from '../../../src/promises/index.ts';
import { toDuplex } from '../../../src/stream/duplex.ts';
import * as sys from '../../../src/sys/index.ts';
import { must, useDescriptors } from '../../helpers/descriptors.ts';
import { drain, turnUntil } from '../../helpers/handlers.ts';
import { eachBackend } from '../../helpers/matrix.ts';
import { makeLinted } from './linted.ts';

const HOST = '127.0.0.1';
const LONG = Buffer.alloc(2_000_000, 'edgewise ');
const descriptors = useDescriptors();

function layers(
  backend: Parameters<Parameters<typeof eachBackend>[0]>[0],
  trigger: 'level' | 'edge',
) {
  // How long a handler takes is as the machine has time for it.
  const make = () => makeLinted(descriptors, { backend }, { ignore: ['EDGEWISE_SLOW_HANDLER'] });

  it('connections: an echo of more than the kernel holds, and an orderly end', () => {
    const { reactor, codes } = make();
    const listener = listen({
      reactor,
      trigger,
      host: HOST,
      port: 0,
      handlers: { data: (connection, chunk) => void connection.write(Buffer.from(chunk)) },
    });
    let [length, isClosed] = [0, false];
    const client = connect({
      reactor,
      trigger,
      host: HOST,
      port: listener.port,
      handlers: {
        data: (connection, chunk) => {
          length += chunk.length;
          if (length === LONG.length) connection.end();
        },
        close: () => {
          isClosed = true;
        },
      },
    });
    client.write(LONG);
    turnUntil(reactor, () => isClosed);
    listener.close();
    expect(length).toBe(LONG.length);
    expect(codes).toEqual([]);
  });

  it('a relay', () => {
    const { reactor, codes } = make();
    const [[a, ours], [b, theirs]] = [descriptors.socketpair(), descriptors.socketpair()];
    const [left, right] = [a, b].map((fd) =>
      adoptConnection(descriptors.release(fd), { reactor, trigger, handlers: {} }),
    );
    if (left === undefined || right === undefined) return expect.fail();
    reactor.turn(0);
    relay(left, right);
    let [sent, received] = [0, 0];
    turnUntil(reactor, () => {
      sent += Math.max(0, sys.write(ours, LONG, sent));
      received += drain(theirs).text.length;
      return received === LONG.length;
    });
    must(sys.shutdown(ours, sys.constants.SHUT_WR));
    must(sys.shutdown(theirs, sys.constants.SHUT_WR));
    turnUntil(reactor, () => right.isClosed);
    expect(codes).toEqual([]);
  });

  it('datagrams', () => {
    const { reactor, codes } = make();
    let count = 0;
    const echo = bindDatagram({
      reactor,
      trigger,
      host: HOST,
      handlers: { message: (socket, bytes, from) => void socket.send(Buffer.from(bytes), from) },
    });
    const client = bindDatagram({
      reactor,
      trigger,
      host: HOST,
      handlers: { message: () => count++ },
    });
    for (let i = 0; i < 20; i++)
      client.send(Buffer.alloc(i * 50), { address: HOST, port: echo.port });
    turnUntil(reactor, () => count === 20);
    echo.destroy();
    client.destroy();
    expect(codes).toEqual([]);
  });

  it('both ends of a pipe', () => {
    const { reactor, codes } = make();
    const [from, to] = descriptors.pipe().map((fd) => descriptors.release(fd)) as [number, number];
    let [length, isClosed] = [0, false];
    openReader(from, {
      reactor,
      trigger,
      handlers: {
        data: (_reader, chunk) => {
          length += chunk.length;
        },
        close: () => {
          isClosed = true;
        },
      },
    });
    const writer = openWriter(to, { reactor, trigger, handlers: {} });
    writer.write(LONG);
    writer.end();
    turnUntil(reactor, () => isClosed);
    expect(length).toBe(LONG.length);
    expect(codes).toEqual([]);
  });

  it('promises: a client that is slower than the server', async () => {
    const { reactor, codes } = make();
    reactor.attach();
    const listener = promises.listen({ reactor, trigger, host: HOST, port: 0 });
    const serve = async () => {
      const connection = await listener.accept();
      await connection.write(LONG);
      await connection.close();
    };
    const served = serve();
    const client = await promises.connect({ reactor, trigger, host: HOST, port: listener.port });
    let length = 0;
    for await (const chunk of client) {
      length += chunk.length;
      await promises.sleep(0, { reactor });
    }
    await Promise.all([client.close(), served]);
    listener.close();
    expect(length).toBe(LONG.length);
    expect(codes).toEqual([]);
  });

  it('streams', async () => {
    const { reactor, codes } = make();
    reactor.attach();
    const [a, b] = descriptors.socketpair().map((fd) => {
      const released = descriptors.release(fd);
      return toDuplex(adoptConnection(released, { reactor, trigger, handlers: {} }));
    });
    if (a === undefined || b === undefined) return expect.fail();
    const echoed = pipeline(b, b);
    let length = 0;
    a.on('data', (chunk: Buffer) => {
      length += chunk.length;
    });
    a.end(LONG);
    await Promise.all([echoed, once(a, 'close')]);
    expect(length).toBe(LONG.length);
    expect(codes).toEqual([]);
  });

  it('a proactor', async () => {
    const { reactor, codes } = make();
    reactor.attach();
    using proactor = new Proactor({ reactor, trigger });
    const [ours, theirs] = descriptors.socketpair().map((fd) => proactor.open(fd));
    if (ours === undefined || theirs === undefined) return expect.fail();
    const bytes = Buffer.alloc(LONG.length);
    const written = new Promise((resolve) => ours.writeAll(LONG, (_error, sent) => resolve(sent)));
    const read = new Promise((resolve) => theirs.readExactly(bytes, (_error, got) => resolve(got)));
    expect(await Promise.all([written, read])).toEqual([LONG.length, LONG.length]);
    expect(codes).toEqual([]);
  });
}

describe('level', () => eachBackend((backend) => layers(backend, 'level')));
describe('edge', () => eachBackend((backend) => layers(backend, 'edge'), 'edge'));
