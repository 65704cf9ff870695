// A connection as a stream that no one reads, and that its peer has reset: the write that finds out
// is the last chance to report it.
import { once } from 'node:events';
import { constants as os } from 'node:os';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { connect } from '../../../src/net/connect/connect.ts';
import { listen } from '../../../src/net/listen/listen.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import { toDuplex } from '../../../src/stream/duplex.ts';
import type { SocketDuplex } from '../../../src/stream/socket.ts';
import * as sys from '../../../src/sys/index.ts';
import { must, useDescriptors } from '../../helpers/descriptors.ts';
import { HOST, resetNow, sendAll } from '../driven.ts';
import { codeOf, Recorder } from '../recorder.ts';

const { EINTR } = os.errno;
const { AF_INET, SOCK_STREAM } = sys.constants;
const GONE = /^(ECONNRESET|EPIPE)$/;

describe.each(['level', 'edge'] as const)('%s: a stream that no one reads', (trigger) => {
  const descriptors = useDescriptors();

  async function accepted() {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    const server = new Recorder();
    const { handlers } = server;
    const { port } = listen({ host: HOST, trigger, reactor, handlers });
    const peer = descriptors.track(sys.socket(AF_INET, SOCK_STREAM));
    must(sys.connect(peer, { address: HOST, port })); // blocking: it waits in the queue
    const connection = await server.opened();
    const stream = toDuplex(connection);
    const errors: unknown[] = [];
    stream.on('error', (error) => errors.push(error));
    const closed = new Promise<void>((resolve) => stream.once('close', () => resolve()));
    /** Resolves in the next turn. */
    const turn = () => new Promise<void>((resolve) => reactor.defer(resolve));
    return { server, peer, connection, stream, errors, closed, turn };
  }

  /** Sends until the stream reads no more of it. */
  async function fill(peer: number, stream: SocketDuplex, turn: () => Promise<void>) {
    while (stream.readableLength < stream.readableHighWaterMark) {
      sendAll(peer, Buffer.alloc(16 * 1024));
      await turn();
    }
    sendAll(peer, 'unread');
    await turn();
    await turn(); // its event has been delivered
  }

  function write(stream: SocketDuplex) {
    return new Promise<unknown>((resolve) => stream.write('late', resolve));
  }

  it('gets the error of a failed write when it was paused before it was connected', async () => {
    const { fd, address } = descriptors.listener();
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    const { handlers } = new Recorder();
    const stream = toDuplex(connect({ ...address, host: HOST, trigger, reactor, handlers }));
    const errors: unknown[] = [];
    stream.on('error', (error) => errors.push(error));
    const closed = new Promise<void>((resolve) => stream.once('close', () => resolve()));
    stream.pause();
    await once(stream, 'connect');
    let peer = -EINTR; // which scripts/test-faults.mjs injects
    while (peer === -EINTR) peer = sys.accept4(fd, null, 0);
    resetNow(descriptors, descriptors.track(must(peer)));
    const failed = write(stream);
    await closed;
    expect(codeOf(await failed)).toMatch(GONE);
    expect(errors.map(codeOf)).toEqual([expect.stringMatching(GONE)]);
  });

  it('gets the error of a failed write when its buffer is full', async () => {
    const { server, peer, stream, errors, closed, turn } = await accepted();
    await fill(peer, stream, turn);
    resetNow(descriptors, peer);
    const failed = write(stream);
    await Promise.all([closed, server.called('close')]);
    expect(codeOf(await failed)).toMatch(GONE);
    expect(errors.map(codeOf)).toEqual([expect.stringMatching(GONE)]);
  });

  it('a pipeline into it ends with the error', async () => {
    const { server, peer, stream, turn } = await accepted();
    await fill(peer, stream, turn);
    resetNow(descriptors, peer);
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(64 * 1024);
      })(),
    );
    const code = await pipeline(endless, stream).catch(codeOf);
    expect(code).toMatch(GONE);
    await server.called('close');
  });

  it('gets the error after the peer has ended its side', async () => {
    const { server, peer, stream, closed, turn, connection } = await accepted();
    must(sys.shutdown(peer, sys.constants.SHUT_WR));
    while (!connection.isReadEnded) await turn();
    resetNow(descriptors, peer);
    const failed = write(stream);
    await Promise.all([closed, server.called('close')]);
    expect(codeOf(await failed)).toMatch(GONE);
  });

  it('one that is read gets the error after the last words', async () => {
    const { server, peer, stream, errors, closed } = await accepted();
    let text = '';
    stream.on('data', (bytes) => {
      text += bytes;
    });
    sendAll(peer, 'last words');
    resetNow(descriptors, peer);
    const failed = write(stream);
    await Promise.all([closed, server.called('close')]);
    expect(text).toBe('last words');
    expect(codeOf(await failed)).toMatch(GONE);
    expect(errors.map(codeOf)).toEqual([expect.stringMatching(GONE)]);
  });
});
