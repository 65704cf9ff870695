// The ways in which net layers are known to be wrong, against real sockets. docs/net.faults.md
// says which test shows which of them; here are those that no other file has.
import { mkdtempSync, rmSync } from 'node:fs';
import { constants as os, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as sys from '../../src/sys/index.ts';
import { isCutToOneByte } from '../helpers/cuts.ts';
import { must, useDescriptors } from '../helpers/descriptors.ts';
import { driven, HOST, receiveAvailable, resetNow, sendAll } from '../net/driven.ts';
import { codeOf, Recorder } from '../net/recorder.ts';

const { AF_INET, AF_UNIX, MSG_MORE, MSG_OOB, SHUT_WR, SOCK_STREAM, SOCK_NONBLOCK } = sys.constants;
const BUDGET = { bytes: 64 * 1024, operations: 16 };

describe.each(['level', 'edge'] as const)('%s: pitfalls of the net layer', (trigger) => {
  const descriptors = useDescriptors();
  const start = (server: Recorder, more = {}) => driven(descriptors, server, { trigger }, more);

  it('one burst, then silence: all of it arrives, in however small portions', () => {
    const server = new Recorder();
    const { dial, turnUntil } = start(server, { budget: { bytes: 1024, operations: 1 } });
    const client = dial();
    turnUntil(() => server.count('open') === 1);
    const burst = Buffer.alloc(256 * 1024, 'burst ');
    let taken = sys.send(client, burst);
    if (taken === -os.errno.EINTR) taken = sys.send(client, burst);
    turnUntil(() => server.receivedLength === taken);
    expect(server.received.equals(burst.subarray(0, taken))).toBe(true);
  });

  // tcp(7): a read stops at the urgent mark, so it is short although there is more.
  it('reads on behind urgent data, which is not reported again', () => {
    const server = new Recorder();
    const { dial, turnUntil } = start(server);
    const client = dial();
    turnUntil(() => server.count('open') === 1);
    sendAll(client, 'ab');
    sendAll(client, '!', MSG_OOB);
    sendAll(client, 'cd');
    turnUntil(() => server.receivedLength === 4);
    expect(server.received.toString()).toBe('abcd'); // the urgent byte itself is not in the stream
  });

  // unix(7): a read stops behind the bytes that descriptors came with.
  it('reads on behind descriptors that it did not ask for, and keeps none of them', () => {
    const folder = mkdtempSync(join(tmpdir(), 'edgewise-passing-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'socket');
    const server = new Recorder();
    const { turnUntil } = driven(descriptors, server, { trigger, path });
    const client = descriptors.track(sys.socket(AF_UNIX, SOCK_STREAM));
    must(sys.connect(client, { path }));
    turnUntil(() => server.count('open') === 1);
    const [reader, writer] = descriptors.pipe();
    must(sys.sendmsg(client, { buffers: [Buffer.from('a')], descriptors: [writer] }));
    sendAll(client, 'b');
    descriptors.close(writer);
    turnUntil(() => server.receivedLength === 2);
    expect(server.received.toString()).toBe('ab');
    expect(sys.read(reader, Buffer.alloc(1))).toBe(0); // the other end is open nowhere
  });

  it('the end that came in one segment with the last bytes, before it was accepted, is seen', () => {
    const server = new Recorder();
    const { dial, turnUntil } = start(server);
    const client = dial();
    sendAll(client, '0123456789', MSG_MORE ?? 0);
    must(sys.shutdown(client, SHUT_WR));
    turnUntil(() => server.count('close') === 1);
    expect(server.received.toString()).toBe('0123456789');
    expect(server.count('end')).toBe(1);
    expect(server.errors).toEqual([undefined]);
  });

  it('last words are delivered and then the end, ten thousand times', () => {
    const server = new Recorder();
    const { dial, turnUntil } = start(server);
    const ROUNDS = 100;
    const AT_ONCE = 100;
    for (let round = 1; round <= ROUNDS; round++) {
      for (let i = 0; i < AT_ONCE; i++) {
        const client = dial();
        sendAll(client, 'bye');
        descriptors.close(client);
      }
      turnUntil(() => server.count('close') === round * AT_ONCE);
    }
    expect(server.receivedLength).toBe(ROUNDS * AT_ONCE * 3);
    expect(server.count('end')).toBe(ROUNDS * AT_ONCE);
    expect(server.errors.every((error) => error === undefined)).toBe(true);
  });

  it('last words before a reset are delivered when they were read in time, the error once', () => {
    const server = new Recorder();
    const { dial, turnUntil } = start(server);
    const client = dial();
    sendAll(client, 'bye');
    turnUntil(() => server.receivedLength === 3);
    resetNow(descriptors, client);
    turnUntil(() => server.count('close') === 1);
    expect(server.events.filter((name) => name !== 'data')).toEqual(['open', 'close']);
    expect(server.errors.map(codeOf)).toEqual(['ECONNRESET']);
  });

  it('an error alone wakes a connection that neither reads nor writes', () => {
    const server = new Recorder({ open: (connection) => connection.pause() });
    const { dial, turnUntil, reactor } = start(server);
    const client = dial();
    turnUntil(() => server.count('open') === 1);
    resetNow(descriptors, client);
    turnUntil(() => server.count('close') === 1);
    expect(server.errors.map(codeOf)).toEqual(['ECONNRESET']);
    expect(reactor.registrationCount).toBe(1);
  });

  it('a thousand that wait to be accepted do not keep a connection waiting', () => {
    const server = new Recorder({ data: (connection) => void connection.write('pong') });
    const { dial, turnUntil, reactor, listener } = start(server);
    const client = dial();
    turnUntil(() => server.count('open') === 1);
    for (let i = 0; i < 1000; i++) {
      const fd = descriptors.track(sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK));
      sys.connect(fd, { address: HOST, port: listener.port });
    }
    sendAll(client, 'p');
    while (server.receivedLength === 0) reactor.turn(2000);
    expect(listener.stats.accepted).toBeLessThan(200);
    turnUntil(() => listener.stats.accepted === 1001);
    expect(receiveAvailable(client).toString()).toBe('pong');
  });

  it('five hundred that send one byte each now and then do not keep a good one waiting', () => {
    const server = new Recorder({ data: (connection, bytes) => void connection.write(bytes) });
    const { dial, turnUntil, reactor } = start(server);
    const good = dial();
    const slow = Array.from({ length: 500 }, dial);
    turnUntil(() => server.count('open') === 501);
    for (let i = 0; i < 20; i++) {
      for (const fd of slow) sendAll(fd, '.');
      sendAll(good, '!');
      let turns = 0;
      for (let answer = ''; answer === ''; answer = receiveAvailable(good).toString()) {
        reactor.turn(2000);
        expect(++turns).toBeLessThanOrEqual(2);
      }
    }
    turnUntil(() => server.receivedLength === 20 * 501);
    turnUntil(() => server.connections.every(({ writableLength }) => writableLength === 0)); // EINTR
    for (const fd of slow) expect(receiveAvailable(fd).toString()).toBe('.'.repeat(20));
  });

  it('a connection that always has something to read does not starve fifty others', () => {
    let [floodedBytes, turns, flooder] = [0, 0, -1];
    const drop = Buffer.alloc(16 * 1024);
    const server = new Recorder({
      data: (connection, bytes) => {
        if (connection.data !== 'flooded') return;
        floodedBytes += bytes.length;
        // Whatever was read is there again at once: read to would-block, it would never end.
        sendAll(flooder, drop.subarray(0, bytes.length));
      },
    });
    const { dial, turnUntil, reactor } = start(server, { budget: BUDGET });
    flooder = dial();
    turnUntil(() => server.count('open') === 1);
    const [connection] = server.connections;
    if (connection !== undefined) connection.data = 'flooded';
    const others = Array.from({ length: 50 }, dial);
    turnUntil(() => server.count('open') === 51);
    sendAll(flooder, drop);
    for (const fd of others) sendAll(fd, 'x');
    const served = () => server.receivedLength - floodedBytes;
    while (served() < 50 && turns++ < 10) reactor.turn(2000);
    expect(served()).toBe(50);
    const most = isCutToOneByte ? BUDGET.operations : BUDGET.bytes + 64 * 1024;
    expect(floodedBytes).toBeLessThanOrEqual((turns + 2) * most);
    expect(floodedBytes).toBeGreaterThan(0);
    connection?.destroy();
  });
});
