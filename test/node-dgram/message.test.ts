// What comes, and what waits to be sent.
import { once } from 'node:events';
import { BlockList } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { DatagramSocket } from '../../src/net/datagram/index.ts';
import { constants } from '../../src/sys/index.ts';
import { bound, closed, HOST, ours, same, settled, shapeOf } from './both.ts';

describe('message', () => {
  same('has the sender, and bytes that are the listener’s', async (dgram) => {
    const { socket, port } = await bound(dgram);
    const kept: Buffer[] = [];
    socket.on('message', (bytes) => kept.push(bytes));
    for (const text of ['one', 'two', 'three']) socket.send(text, port, HOST);
    while (kept.length < 3) await once(socket, 'message');
    await closed(socket);
    return kept.map((bytes) => [String(bytes), Buffer.isBuffer(bytes)]);
  });

  same('comes as long as a datagram can be', async (dgram) => {
    const { socket, port } = await bound(dgram);
    const received = once(socket, 'message');
    socket.send(Buffer.alloc(65_507, 'x'), port, HOST);
    const [bytes, info] = await received;
    await closed(socket);
    return [bytes.length, info.size];
  });

  same('comes no more after close, also within one batch', async (dgram) => {
    const { socket, port } = await bound(dgram);
    let count = 0;
    socket.on('message', () => {
      if (count++ === 0) socket.close();
    });
    for (let index = 0; index < 5; index++) socket.send('x', port, HOST);
    await once(socket, 'close');
    await settled();
    return count;
  });

  it('from an address of receiveBlockList is not delivered', async () => {
    const receiveBlockList = new BlockList();
    receiveBlockList.addAddress('127.0.0.2');
    const { socket, port } = await bound(ours, { type: 'udp4', receiveBlockList } as never);
    const { socket: blocked } = await bound(ours, 'udp4', '127.0.0.2');
    const { socket: welcome } = await bound(ours);
    const received = once(socket, 'message');
    blocked.send('blocked', port, HOST);
    welcome.send('welcome', port, HOST);
    expect(String((await received)[0])).toBe('welcome');
    await closed(socket, blocked, welcome);
  });
});

describe('the send queue', () => {
  same('is empty when the system takes all', async (dgram) => {
    const socket = dgram.createSocket('udp4');
    const found = [socket.getSendQueueSize(), socket.getSendQueueCount()];
    socket.bind(0, HOST);
    await once(socket, 'listening');
    socket.send('x', 9, HOST);
    await settled();
    found.push(socket.getSendQueueSize(), socket.getSendQueueCount());
    await closed(socket);
    return found;
  });

  it('counts what the system has no room for, and calls back for each', async () => {
    const waiting: ((result: number) => void)[] = [];
    const full = vi
      .spyOn(DatagramSocket.prototype, 'sendTracked')
      .mockImplementation((_bytes, _to, outcome) => {
        waiting.push(outcome);
        return -constants.EAGAIN;
      });
    onTestFinished(() => full.mockRestore());
    const { socket } = await bound(ours);
    const called: unknown[] = [];
    const state = () => [socket.getSendQueueSize(), socket.getSendQueueCount(), called.length];
    socket.send('four', 9, HOST, (...found) => called.push(found));
    socket.send('sixsix', 9, HOST, (error) => called.push(shapeOf(error)));
    await settled();
    expect(state()).toEqual([10, 2, 0]);
    waiting[0]?.(4);
    expect(state()).toEqual([6, 1, 1]);
    waiting[1]?.(-constants.ECANCELED);
    expect(state()).toEqual([0, 0, 2]);
    expect(called).toMatchObject([[null, 4], { code: 'ECANCELED', syscall: 'send', port: 9 }]);
    await closed(socket);
  });
});
