// Both ends of the interop tests: streams over our connections, for every trigger, closed after each
// test. A library is given a stream where it would otherwise make a socket of node:net itself.
import type { Duplex, DuplexOptions } from 'node:stream';
import { describe } from 'vitest';
import { connect } from '../../src/net/connect/connect.ts';
import { listen } from '../../src/net/listen/listen.ts';
import { Socket } from '../../src/node-net/index.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import { toDuplex } from '../../src/stream/duplex.ts';
import type { SocketDuplex } from '../../src/stream/socket.ts';
import { type Descriptors, useDescriptors } from '../helpers/descriptors.ts';

export const HOST = '127.0.0.1';

export interface Sides {
  readonly descriptors: Descriptors;
  /** Listens on a free port, and hands each connection over as a stream. */
  serve(onStream: (stream: SocketDuplex) => void, options?: DuplexOptions): number;
  /** Connects, as a stream that is connecting. */
  dial(port: number, options?: DuplexOptions): SocketDuplex;
  /** A socket of `edgewise/net` that has not been connected yet. */
  socket(): Socket;
}

/** Calls `define` in a group per trigger. */
export function eachTriggerOf(title: string, define: (sides: Sides) => void): void {
  for (const trigger of ['level', 'edge'] as const) {
    describe(`${title}, ${trigger}`, () => define(makeSides(trigger)));
  }
}

function makeSides(trigger: 'level' | 'edge'): Sides {
  const descriptors = useDescriptors();
  let reactor: Reactor | undefined;
  const attached = () => {
    if (reactor === undefined || reactor.isClosed) {
      reactor = descriptors.using(new Reactor());
      reactor.attach();
    }
    return reactor;
  };
  return {
    descriptors,
    serve(onStream, options) {
      const handlers = { open: (connection: never) => onStream(toDuplex(connection, options)) };
      const listener = listen({ host: HOST, trigger, reactor: attached(), handlers });
      return listener.port;
    },
    dial: (port, options) =>
      toDuplex(connect({ host: HOST, port, trigger, reactor: attached(), handlers: {} }), options),
    socket: () => new PresetSocket(trigger, attached()),
  };
}

// For clients that call `connect(port, host)` themselves.
class PresetSocket extends Socket {
  readonly #trigger: 'level' | 'edge';
  readonly #reactor: Reactor;

  constructor(trigger: 'level' | 'edge', reactor: Reactor) {
    super();
    this.#trigger = trigger;
    this.#reactor = reactor;
  }

  override connect(...args: unknown[]): this {
    const [first, second] = args;
    const options =
      typeof first === 'object' ? { ...first } : { port: Number(first), host: String(second) };
    const ours = { ...options, trigger: this.#trigger, reactor: this.#reactor };
    const callback = args.at(-1);
    return super.connect(ours, typeof callback === 'function' ? () => callback() : undefined);
  }
}

/** Everything that a stream brings until its end. */
export async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Buffer));
  return Buffer.concat(chunks).toString();
}

/** Resolves when a stream is closed. */
export function closed(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    if (stream.closed) resolve();
    else stream.once('close', () => setImmediate(resolve)); // after all listeners
  });
}
