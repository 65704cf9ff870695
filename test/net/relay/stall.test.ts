// Relays when something does not move: a side that does not read, a reset while bytes are stuck, no
// pipe left. The peers are bare descriptors and the reactor is turned by hand, so that "nothing
// happens" is a turn that lasts until its time is up.
import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Connection } from '../../../src/net/connection/connection.ts';
import { listen } from '../../../src/net/listen/listen.ts';
import { pipes } from '../../../src/net/relay/pipes.ts';
import { type RelayOptions, relay } from '../../../src/net/relay/relay.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import * as sys from '../../../src/sys/index.ts';
import { isCutToOneByte, sendWhole, volume } from '../../helpers/cuts.ts';
import { must, reset, useDescriptors } from '../../helpers/descriptors.ts';
import { sha256, type Trigger } from '../joined.ts';
import { codeOf, Recorder } from '../recorder.ts';

const { AF_INET, AF_UNIX, SOCK_STREAM, SOCK_CLOEXEC } = sys.constants;
const { EAGAIN, EINTR, IPPROTO_TCP, TCP_NODELAY } = sys.constants;
const STREAM = SOCK_STREAM | SOCK_CLOEXEC;
const QUIET_MS = 40;
const LOST_MS = 5000;
const TURNS_MAX = 100_000;
/** Fits into the buffers of two Unix sockets, where each transfer takes hundreds of bytes. */
const MESSAGE_BYTES = isCutToOneByte ? 400 : 150_000;
const CHUNK = randomBytes(volume(64 * 1024));

const CASES = [
  ['level', false],
  ['edge', false],
  ['level', true],
  ['edge', true],
] as const;

describe.each(CASES)('relay, stalled: %s, copy: %s', (trigger: Trigger, copy) => {
  const descriptors = useDescriptors();

  function start() {
    const reactor = descriptors.using(new Reactor());
    let name = 0;
    const side = (isUnix = false) => {
      const recorder = new Recorder();
      const { handlers } = recorder;
      const listener = isUnix
        ? listen({ abstract: `edgewise-${process.pid}-${name++}`, trigger, reactor, handlers })
        : listen({ host: '127.0.0.1', trigger, reactor, handlers });
      const peer = descriptors.track(sys.socket(isUnix ? AF_UNIX : AF_INET, STREAM));
      must(sys.connect(peer, listener.address)); // blocking: connected when it returns
      const { O_NONBLOCK, F_SETFL } = sys.constants;
      must(sys.fcntl(peer, F_SETFL, O_NONBLOCK));
      // A reset drops what waits for an acknowledgement of bytes before it.
      if (!isUnix) must(sys.setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, 1));
      while (recorder.connections.length === 0) reactor.turn(1000);
      listener.close();
      return { peer, recorder, connection: recorder.connections[0] as Connection };
    };
    return { reactor, side };
  }

  function joined(isUnix = false) {
    const { reactor, side } = start();
    const [a, b] = [side(isUnix), side(isUnix)];
    const reported: unknown[] = [];
    const handlers: RelayOptions['handlers'] = { close: (_relay, error) => reported.push(error) };
    const link = relay(a.connection, b.connection, { copy, handlers });
    return { reactor, side, a, b, link, reported };
  }

  /** Calls of handlers so far. A wait can also end for Node's loop, which says nothing about us. */
  function activityOf(reactor: Reactor): number {
    return reactor.stats.events + reactor.stats.requeued;
  }

  /** @returns whether nothing was reported for the whole time; back at once when something was. */
  function isQuiet(reactor: Reactor, quietMs = QUIET_MS): boolean {
    const end = performance.now() + quietMs;
    const before = activityOf(reactor);
    for (let left = quietMs; left > 0; left = end - performance.now()) {
      reactor.turn(left);
      if (activityOf(reactor) > before) return false;
    }
    return true;
  }

  function settle(reactor: Reactor, quietMs = QUIET_MS): void {
    for (let turns = 0; !isQuiet(reactor, quietMs); turns++) {
      if (turns > TURNS_MAX) throw new Error('it does not come to rest');
    }
  }

  /** Sends random bytes until nothing on the way takes any more. */
  function stuff(reactor: Reactor, fd: number) {
    const hash = createHash('sha256');
    let length = 0;
    for (;;) {
      const count = sys.send(fd, CHUNK);
      if (count > 0) {
        length += count;
        hash.update(CHUNK.subarray(0, count));
        continue;
      }
      if (count === -EINTR) continue;
      expect(count).toBe(-EAGAIN);
      if (isQuiet(reactor)) return { length, hash: hash.digest('hex') };
    }
  }

  /** Reads what comes until the end, an error or `length` bytes. */
  function drain(reactor: Reactor, fd: number, length = Number.POSITIVE_INFINITY) {
    const memory = Buffer.alloc(1024 * 1024);
    const chunks: Buffer[] = [];
    let total = 0;
    while (total < length) {
      const count = sys.recv(fd, memory);
      if (count === -EAGAIN) {
        if (isQuiet(reactor, LOST_MS)) throw new Error(`nothing comes behind ${total} bytes`);
        continue;
      }
      if (count <= 0) return { bytes: Buffer.concat(chunks), result: sys.errnoName(count) };
      chunks.push(Buffer.from(memory.subarray(0, count)));
      total += count;
    }
    return { bytes: Buffer.concat(chunks), result: 'OK' };
  }

  it('a side that does not read: a bounded number of bytes, no turn, and all arrives', () => {
    const { reactor, a, b, link } = joined();
    const sent = stuff(reactor, a.peer);
    const before = activityOf(reactor);
    settle(reactor, 10 * QUIET_MS); // the kernel may take a little more when it probes the window
    expect(activityOf(reactor) - before).toBeLessThanOrEqual(10);
    const heldByRelay = a.connection.bytesRead - link.bytesToB;
    expect(heldByRelay).toBeGreaterThan(0);
    expect(heldByRelay).toBeLessThanOrEqual(256 * 1024);

    must(sys.shutdown(a.peer, sys.constants.SHUT_WR));
    settle(reactor); // the end is reported once at most, or this would not come back
    const { bytes } = drain(reactor, b.peer);
    expect(bytes.length).toBe(sent.length);
    expect(sha256(bytes)).toBe(sent.hash);
  });

  it('both sides stalled do not hinder a third pair', () => {
    const { reactor, a, b, side } = joined();
    stuff(reactor, a.peer);
    stuff(reactor, b.peer);
    const [c, d] = [side(), side()];
    relay(c.connection, d.connection, { copy });
    sendWhole(c.peer, Buffer.from('through'));
    expect(String(drain(reactor, d.peer, 7).bytes)).toBe('through');
    settle(reactor);
    expect(isQuiet(reactor)).toBe(true);
  });

  it('a reset of the source while its bytes are stuck', () => {
    const { reactor, a, b, reported } = joined();
    stuff(reactor, a.peer);
    reset(descriptors, a.peer);
    settle(reactor);
    expect(reported.map(codeOf)).toEqual(['ECONNRESET']);
    expect(a.recorder.errors.map(codeOf)).toEqual(['ECONNRESET']);
    expect(b.connection.isClosed).toBe(true);
    expect(drain(reactor, b.peer).result).toBe('ECONNRESET');
  });

  it('a reset of the target while bytes for it are stuck', () => {
    const { reactor, a, b, reported } = joined();
    stuff(reactor, a.peer);
    reset(descriptors, b.peer);
    settle(reactor);
    expect(reported.map(codeOf)).toEqual([expect.stringMatching(/^(ECONNRESET|EPIPE)$/)]);
    expect(a.connection.isClosed && b.connection.isClosed).toBe(true);
    expect(a.recorder.count('close') + b.recorder.count('close')).toBe(2);
    expect(drain(reactor, a.peer).result).toBe('ECONNRESET');
  });

  it('a reset of the one, and then of the other, while both directions are stuck', () => {
    const { reactor, a, b, reported, link } = joined();
    stuff(reactor, a.peer);
    stuff(reactor, b.peer);
    reset(descriptors, b.peer);
    settle(reactor);
    expect(link.isClosed).toBe(false); // what b has sent before is still to be passed on
    reset(descriptors, a.peer);
    settle(reactor);
    expect(reported.map(codeOf)).toEqual([expect.stringMatching(/^(ECONNRESET|EPIPE)$/)]);
    expect(a.connection.isClosed && b.connection.isClosed).toBe(true);
  });

  it('passes the last words of a side on that takes no more', () => {
    const { reactor, a, b, reported } = joined();
    stuff(reactor, a.peer);
    sendWhole(b.peer, Buffer.from('last words'));
    descriptors.close(b.peer); // with bytes unread: a reset behind the last words
    settle(reactor);
    expect(reported).toEqual([expect.objectContaining({ code: expect.any(String) })]);
    const { bytes } = drain(reactor, a.peer);
    expect(String(bytes)).toBe('last words');
  });

  it('the queue of the user fails: the relay closes with its error, after the last words', () => {
    const { reactor, side } = start();
    const [a, b] = [side(), side()];
    while (b.connection.write(CHUNK));
    const reported: unknown[] = [];
    const handlers: RelayOptions['handlers'] = { close: (_relay, error) => reported.push(error) };
    relay(a.connection, b.connection, { copy, handlers });
    settle(reactor);
    sendWhole(b.peer, Buffer.from('last words'));
    descriptors.close(b.peer);
    settle(reactor);
    expect(reported.map(codeOf)).toEqual([expect.stringMatching(/^(ECONNRESET|EPIPE)$/)]);
    expect(String(drain(reactor, a.peer).bytes)).toBe('last words');
  });

  it.each([
    ['in one go', false],
    ['with the rest to come', true],
  ])('goes on behind an urgent byte, %s', (_when, isLate) => {
    const { reactor, a, b } = joined();
    const { MSG_OOB, SHUT_WR } = sys.constants;
    sendWhole(a.peer, Buffer.from('before '));
    must(sys.send(a.peer, Buffer.from('!'), 0, 1, MSG_OOB));
    if (isLate) settle(reactor);
    sendWhole(a.peer, Buffer.from('behind'));
    if (isLate) settle(reactor);
    must(sys.shutdown(a.peer, SHUT_WR));
    expect(drain(reactor, b.peer)).toEqual({ bytes: Buffer.from('before behind'), result: 'OK' });
    expect(isQuiet(reactor)).toBe(true);
  });

  it('gives pipes back empty, and closes them with the last relay', () => {
    const { reactor, a, b, link } = joined();
    expect(pipes.openCount).toBe(0);
    sendWhole(a.peer, CHUNK);
    expect(drain(reactor, b.peer, CHUNK.length).bytes.equals(CHUNK)).toBe(true);
    expect(pipes.openCount).toBe(copy ? 0 : 1);
    stuff(reactor, a.peer);
    stuff(reactor, b.peer);
    expect(pipes.openCount).toBe(copy ? 0 : 2);
    link.destroy();
    expect(pipes.openCount).toBe(0);
  });

  it('gives no pipe with bytes in it to another relay', () => {
    const { reactor, side, a, b, link } = joined();
    const [c, d] = [side(), side()];
    const other = relay(c.connection, d.connection, { copy }); // keeps the pool alive
    stuff(reactor, a.peer);
    stuff(reactor, b.peer);
    link.destroy();
    sendWhole(c.peer, Buffer.from('mine'));
    must(sys.shutdown(c.peer, sys.constants.SHUT_WR));
    expect(drain(reactor, d.peer)).toEqual({ bytes: Buffer.from('mine'), result: 'OK' });
    other.destroy();
  });

  it('copies when the pool is exhausted, and loses nothing', () => {
    const { reactor, side } = start();
    const held = copy ? [] : Array.from({ length: 256 }, () => pipes.take());
    const [a, b] = [side(true), side(true)];
    const link = relay(a.connection, b.connection, { copy });
    expect(held.every((pipe) => pipe !== undefined)).toBe(true);
    const sent = stuff(reactor, a.peer);
    const heldByRelay = a.connection.bytesRead - link.bytesToB;
    expect(heldByRelay).toBeLessThanOrEqual(64 * 1024);
    expect(sha256(drain(reactor, b.peer, sent.length).bytes)).toBe(sent.hash);
    for (const pipe of held) if (pipe !== undefined) pipes.give(pipe);
    link.destroy();
    expect(pipes.openCount).toBe(0);
  });

  it('many at once, each with bytes of its own', () => {
    const { reactor, side } = start();
    const pairs = Array.from({ length: 60 }, (_, index) => {
      const [a, b] = [side(true), side(true)];
      const link = relay(a.connection, b.connection, { copy });
      const message = Buffer.alloc(MESSAGE_BYTES, `of pair ${index} `);
      let sent = 0;
      const send = () => {
        const count = sys.send(a.peer, message, sent);
        if (count > 0) sent += count;
        return sent === message.length;
      };
      return { a, b, link, message, send };
    });
    while (pairs.filter(({ send }) => !send()).length > 0) reactor.turn(0);
    settle(reactor);
    for (const { b, message } of pairs) {
      expect(drain(reactor, b.peer, message.length).bytes.equals(message)).toBe(true);
    }
    expect(pipes.openCount).toBeLessThanOrEqual(256);
    for (const { link } of pairs) link.destroy();
    expect(pipes.openCount).toBe(0);
  });
});
