// What tests of zero-copy writes share: pairs of connections, patterns, and callbacks that write down
// what their callbacks got.
import { expect } from 'vitest';
import { connect } from '../../../src/net/connect/connect.ts';
import { listen } from '../../../src/net/listen/listen.ts';
import { Poller } from '../../../src/poller/poller.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import * as sys from '../../../src/sys/index.ts';
import { volume } from '../../helpers/cuts.ts';
import type { Descriptors } from '../../helpers/descriptors.ts';
import { codeOf, Recorder } from '../recorder.ts';

const HOST = '127.0.0.1';
export const MEGABYTE = volume(1 << 20);
/** Whether this system has it; elsewhere every write is reported as copied. */
export const isOffered =
  sys.constants.SO_ZEROCOPY !== undefined && Poller.preferredBackend === 'epoll';

/** Every byte shows its place. */
export function pattern(length: number, seed = 0): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i + 4 <= length; i += 4) bytes.writeUInt32LE((i + seed) >>> 0, i);
  return bytes;
}

/** Writes down how often, and with what, it was called. */
export class Done {
  readonly errors: (string | undefined)[] = [];
  readonly copied: boolean[] = [];
  #waiting: { count: number; resolve: () => void }[] = [];
  readonly callback = (error: Error | undefined, wasCopied: boolean): void => {
    this.errors.push(codeOf(error));
    this.copied.push(wasCopied);
    this.#waiting = this.#waiting.filter(({ count, resolve }) => {
      if (this.errors.length < count) return true;
      resolve();
      return false;
    });
  };

  called(count = 1): Promise<void> {
    if (this.errors.length >= count) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ count, resolve }));
  }
}

/** A recorder of connections that do not read until they are resumed. */
export const paused = () => new Recorder({ open: (connection) => connection.pause() });

/** Pairs of connections, and reactors in Node's loop, that are closed after the test. */
export function zeroCopyWorld(descriptors: Descriptors, trigger: 'level' | 'edge') {
  function startReactor(): Reactor {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    return reactor;
  }

  /** A connected pair on two reactors, so that one can be closed. */
  async function start(server = new Recorder(), path?: string) {
    const at = path === undefined ? { host: HOST } : { path };
    const listener = listen({
      ...at,
      trigger,
      handlers: server.handlers,
      reactor: startReactor(),
    });
    descriptors.using(listener);
    descriptors.using(server);
    const client = descriptors.using(new Recorder());
    const reactor = startReactor();
    const to = path === undefined ? { host: HOST, port: listener.port } : { path };
    const connection = connect({ ...to, trigger, handlers: client.handlers, reactor });
    await client.opened();
    const peer = await server.opened();
    return { reactor, listener, server, client, connection, peer };
  }

  /** Nothing is ready: no error is left that would be reported for ever. */
  function expectQuiet(reactor: Reactor): void {
    reactor.detach();
    for (let i = 0; i < 3; i++) reactor.turn(0);
    expect(reactor.turn(0)).toBe(0);
    reactor.attach();
  }

  return { startReactor, start, expectQuiet };
}
