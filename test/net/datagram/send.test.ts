// Datagram sockets over the loopback: errors of the network, peers, the queue and its bound. The
// queue is filled over Unix sockets: UDP over the loopback drops at the receiver instead.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bindDatagram } from '../../../src/net/datagram/bind.ts';
import type { ReactorOptions } from '../../../src/reactor/options.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import * as sys from '../../../src/sys/index.ts';
import { useDescriptors } from '../../helpers/descriptors.ts';
import { datagramWorld, HOST, Inbound } from '../inbound.ts';

describe.each(['level', 'edge'] as const)('%s: sending datagrams', (trigger) => {
  const descriptors = useDescriptors();
  const start = (options: ReactorOptions = {}) => datagramWorld(descriptors, trigger, options);

  function directory(): string {
    const path = mkdtempSync(join(tmpdir(), 'edgewise-datagram-'));
    onTestFinished(() => rmSync(path, { recursive: true }));
    return path;
  }

  it('leaves no file behind when its socket cannot be watched', () => {
    const reactor = descriptors.using(new Reactor({ backend: 'poll' }));
    const folder = directory();
    const options = { path: join(folder, 'socket'), trigger: 'edge', reactor } as const;
    expect(() => bindDatagram({ ...options, handlers: {} })).toThrow(
      expect.objectContaining({ code: 'ERR_TRIGGER_UNSUPPORTED' }),
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it('reports what cannot be sent, with the address, and sends the next', () => {
    const { bind, turnUntil } = start();
    const inbound = new Inbound();
    const server = bind(inbound.handlers);
    const errors: Error[] = [];
    const client = bind({ error: (_, error) => void errors.push(error) });
    expect(client.send(new Uint8Array(65_508), server.address)).toBe(false);
    expect(errors).toEqual([]); // never inside the call
    expect(client.send('next', server.address)).toBe(true);
    turnUntil(() => inbound.messages.length === 1 && errors.length === 1);
    expect(errors[0]).toMatchObject({ code: 'EMSGSIZE', address: HOST, port: server.port });
    expect(client.stats).toMatchObject({ sendFailed: 1, messagesSent: 1, errors: 1 });
  });

  it('a storm of errors is reported in part and counted in full', () => {
    const { reactor, bind } = start();
    const inbound = new Inbound();
    const client = bind(inbound.handlers);
    const to = { address: HOST, port: 9 };
    for (let i = 0; i < 100; i++) client.send(new Uint8Array(65_508), to);
    reactor.turn(0);
    expect(inbound.errors.length).toBe(64);
    client.send(new Uint8Array(65_508), to);
    reactor.turn(0);
    expect(inbound.errors.length).toBe(65);
    expect(client.stats).toMatchObject({ errors: 101, sendFailed: 101 });
  });

  it('a refused datagram of a connected socket is reported once, and costs no other datagram', () => {
    const { bind, turnUntil } = start();
    const gone = bind({});
    const { port } = gone;
    gone.close();
    const inbound = new Inbound();
    const client = bind(inbound.handlers);
    client.connect({ address: HOST, port });
    client.send('to no one');
    turnUntil(() => inbound.errors.length === 1);
    // Now the error is pending when the next datagram is sent, to a server that is there.
    client.send('to no one');
    const server = new Inbound();
    bind(server.handlers, { port });
    expect(client.send('to the server')).toBe(true);
    turnUntil(() => server.messages.length === 1 && inbound.errors.length === 2);
    expect(server.messages).toEqual(['to the server']);
    expect(inbound.errors).toEqual(['ECONNREFUSED', 'ECONNREFUSED']);
    expect(client.stats.sendFailed).toBe(0);
  });

  it('sendMany meets a pending error and sends all the same', () => {
    const { bind, turnUntil } = start();
    const gone = bind({});
    const { port } = gone;
    gone.close();
    const inbound = new Inbound();
    const client = bind(inbound.handlers);
    client.connect({ address: HOST, port });
    client.send('to no one');
    const server = new Inbound();
    bind(server.handlers, { port });
    const batch = new sys.MessageBatch(2, 8);
    for (let i = 0; i < 2; i++) {
      batch.room(i).set(Buffer.from(`nr ${i}`));
      batch.lengths[i] = 4;
      batch.setAddress(i, undefined);
    }
    expect(client.sendMany(batch, 2)).toBe(2);
    turnUntil(() => server.messages.length === 2 && inbound.errors.length === 1);
    expect(server.messages).toEqual(['nr 0', 'nr 1']);
    expect(inbound.errors).toEqual(['ECONNREFUSED']);
  });

  it('a refused datagram while paused is reported once and does not spin', () => {
    const { reactor, bind, turnUntil } = start();
    const gone = bind({});
    const { port } = gone;
    gone.close();
    const inbound = new Inbound();
    const client = bind(inbound.handlers);
    client.connect({ address: HOST, port });
    client.pause();
    client.send('to no one');
    turnUntil(() => inbound.errors.length === 1);
    expect(inbound.errors).toEqual(['ECONNREFUSED']);
    for (let i = 0; i < 5; i++) expect(reactor.turn(0)).toBe(0);
  });

  it('connect and disconnect: only the peer is received from, then all; the port stays', () => {
    const { bind, turnUntil } = start();
    const inbound = new Inbound();
    const socket = bind(inbound.handlers);
    const { port } = socket;
    const [friend, stranger] = [bind({}), bind({})];
    socket.connect(friend.address);
    expect(socket.remoteAddress?.port).toBe(friend.port);
    stranger.send('stranger', { address: HOST, port });
    friend.send('friend', { address: HOST, port });
    turnUntil(() => inbound.messages.length === 1);
    socket.disconnect();
    expect(socket.remoteAddress).toBeUndefined();
    expect(socket.port).toBe(port);
    stranger.send('stranger', { address: HOST, port });
    turnUntil(() => inbound.messages.length === 2);
    expect(inbound.messages).toEqual(['friend', 'stranger']);
  });

  it('queues when there is no room, in order, and drops and counts what exceeds the bound', () => {
    const { bind, turnUntil } = start();
    const path = join(directory(), 'full');
    const server = new Inbound();
    const receiver = bind(server.handlers, { path });
    const inbound = new Inbound();
    const client = bind(inbound.handlers, {
      path: `${path}-client`,
      queueBytesMax: 20 * 260,
    });
    client.connect({ path });
    receiver.pause();
    const sent: string[] = [];
    for (let i = 1000; client.send(`${i}`) && i < 3000; i++) sent.push(`${i}`);
    expect(client.queuedCount).toBe(20);
    expect(client.stats.sendDropped).toBe(1);
    receiver.resume();
    turnUntil(() => server.messages.length === sent.length && inbound.drains === 1);
    expect(server.messages).toEqual(sent);
    expect(client.queuedCount).toBe(0);
    expect(inbound.drains).toBe(1);
  });

  it('follows each datagram to its own outcome, at once or at the end of a turn', () => {
    const { reactor, bind, turnUntil } = start();
    const path = join(directory(), 'full');
    const server = new Inbound();
    const receiver = bind(server.handlers, { path });
    const inbound = new Inbound();
    const client = bind(inbound.handlers, { path: `${path}-client`, queueBytesMax: 20 * 260 });
    receiver.pause();
    const outcomes: number[] = [];
    const send = (text: string, to = path) =>
      client.sendTracked(Buffer.from(text), { path: to }, (result) => outcomes.push(result));
    expect(send('nowhere', `${path}-nothing`)).toBe(-sys.constants.ENOENT);
    let sent = 0;
    let result = send('four');
    for (; result === 4; sent++) result = send('four');
    expect(result).toBe(-sys.constants.EAGAIN);
    expect(send('gone', `${path}-nothing`)).toBe(-sys.constants.EAGAIN);
    let waiting = 1;
    for (; result === -sys.constants.EAGAIN; waiting++) result = send('five5');
    waiting -= 1;
    expect(result).toBe(-sys.constants.ENOBUFS);
    expect(client.queuedCount).toBe(waiting + 1);
    expect(outcomes).toEqual([]);
    receiver.resume();
    turnUntil(() => outcomes.length === waiting + 1);
    expect(outcomes).toEqual([4, -sys.constants.ENOENT, ...Array(waiting - 1).fill(5)]);
    turnUntil(() => server.messages.length === sent + waiting);
    expect(inbound.errors).toEqual([]);
    expect(client.stats).toMatchObject({ sendFailed: 2, errors: 0 });
    expect(() => client.sendTracked(Buffer.from('x'), { path: '' }, () => undefined)).toThrow();
    expect(client.send('reported again', { path: `${path}-nothing` })).toBe(false);
    reactor.turn(0);
    expect(inbound.errors).toEqual(['ENOENT']);
  });

  it('what is dropped with the socket has ECANCELED for an outcome', () => {
    const { reactor, bind } = start();
    const path = join(directory(), 'full');
    const receiver = bind({}, { path });
    receiver.pause();
    const inbound = new Inbound();
    const client = bind(inbound.handlers, { path: `${path}-client` });
    const outcomes: number[] = [];
    const send = () =>
      client.sendTracked(Buffer.from('x'), { path }, (result) => {
        expect(inbound.closes).toBe(0);
        outcomes.push(result);
      });
    while (send() === 1);
    send();
    client.destroy();
    expect(outcomes).toEqual([]);
    reactor.turn(0);
    expect(outcomes).toEqual([-sys.constants.ECANCELED, -sys.constants.ECANCELED]);
    expect(inbound.closes).toBe(1);
  });

  it('where writability says nothing, the queue is tried again after a time, without a spin', () => {
    const { reactor, bind, turnUntil } = start();
    const path = join(directory(), 'full');
    const server = new Inbound();
    const receiver = bind(server.handlers, { path });
    const inbound = new Inbound();
    const client = bind(inbound.handlers, { path: `${path}-client` });
    receiver.pause();
    let count = 0;
    while (client.queuedCount === 0) client.send(`${count++}`, { path });
    const { waits } = reactor.stats;
    const until = performance.now() + 100;
    while (performance.now() < until) reactor.turn(10);
    expect(reactor.stats.waits - waits).toBeLessThan(40);
    receiver.resume();
    turnUntil(() => server.messages.length === count);
    expect(client.queuedCount).toBe(0);
    expect(inbound.drains).toBe(0); // nothing was dropped
  });

  it('what is sent while others are queued leaves behind them', () => {
    const { bind, turnUntil } = start();
    const path = join(directory(), 'full');
    const server = new Inbound();
    const sent: string[] = [];
    const send = () => {
      sent.push(`${sent.length}`);
      client.send(sent.at(-1) as string, { path });
    };
    const receiver = bind(
      {
        message(socket, bytes, from, isTruncated) {
          // The kernel has room again, and the queue does not know it yet.
          if (server.messages.length === 0) send();
          server.handlers.message(socket, bytes, from, isTruncated);
        },
      },
      { path },
    );
    const client = bind({}, { path: `${path}-client` });
    receiver.pause();
    while (client.queuedCount < 2) send();
    receiver.resume();
    turnUntil(() => server.messages.length === sent.length);
    expect(server.messages).toEqual(sent);
  });

  it('what is queued when it is destroyed is counted as dropped', () => {
    const { bind } = start();
    const path = join(directory(), 'full');
    bind({}, { path }).pause();
    const client = bind({}, { path: `${path}-client` });
    client.connect({ path });
    while (client.queuedCount < 3) client.send('more');
    client.destroy();
    expect(client.stats.sendDropped).toBe(3);
  });

  it('broadcast only where it was asked for', () => {
    const { bind, reactor } = start();
    const inbound = new Inbound();
    const to = { address: '127.255.255.255', port: 9 };
    expect(bind(inbound.handlers).send('x', to)).toBe(false);
    reactor.turn(0);
    expect(inbound.errors).toEqual(['EACCES']);
    expect(bind(inbound.handlers, { broadcast: true }).send('x', to)).toBe(true);
  });

  it('leaves the file of a Unix socket where it is, for its user to remove', () => {
    const { bind } = start();
    const path = join(directory(), 'left');
    bind({}, { path }).close();
    expect(() => bind({}, { path })).toThrow(expect.objectContaining({ code: 'EADDRINUSE', path }));
    rmSync(path);
    bind({}, { path }).close();
  });
});
