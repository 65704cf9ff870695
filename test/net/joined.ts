// Two connections that were accepted from peers, and a relay between them. The peers are sockets of
// node:net, so that an implementation of its own judges what arrives.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '../../src/net/connection/connection.ts';
import { listen } from '../../src/net/listen/listen.ts';
import { type Relay, type RelayOptions, relay } from '../../src/net/relay/relay.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import { volume } from '../helpers/cuts.ts';
import type { Descriptors } from '../helpers/descriptors.ts';
import { Recorder } from './recorder.ts';

const HOST = '127.0.0.1';

export type Trigger = 'level' | 'edge';

/** One side of the relay, and its peer. */
export interface Side {
  readonly connection: Connection;
  readonly recorder: Recorder;
  readonly peer: Socket;
}

export interface SideOptions {
  readonly trigger: Trigger;
  /** A Unix socket instead of TCP. */
  readonly isUnix?: boolean;
  readonly recorder?: Recorder;
}

/** An attached reactor that ends with the test; what handlers throw is in `errors`. */
export function attachedReactor(descriptors: Descriptors) {
  const errors: unknown[] = [];
  const reactor = descriptors.using(new Reactor({ onError: (error) => errors.push(error) }));
  reactor.attach();
  return { reactor, errors };
}

/** Connects a peer to a listener of its own. */
export async function side(
  descriptors: Descriptors,
  reactor: Reactor,
  { trigger, isUnix = false, recorder = new Recorder() }: SideOptions,
): Promise<Side> {
  const { handlers } = recorder;
  const directory = isUnix ? mkdtempSync(join(tmpdir(), 'edgewise-relay-')) : '';
  const path = join(directory, 'socket');
  const listener = isUnix
    ? listen({ path, trigger, reactor, handlers })
    : listen({ host: HOST, trigger, reactor, handlers });
  const peer = isUnix
    ? connect({ path, allowHalfOpen: true })
    : connect({ host: HOST, port: listener.port, allowHalfOpen: true });
  peer.on('error', () => undefined); // reported by 'close' as well, which tests look at
  descriptors.using({ close: () => peer.destroy() });
  const connection = await recorder.opened();
  listener.close();
  if (isUnix) rmSync(directory, { recursive: true });
  return { connection, recorder, peer };
}

/** What a relay reported at its end. */
export class RelayRecorder {
  readonly reported: (Error | undefined)[] = [];
  readonly closed: Promise<void>;
  readonly handlers: NonNullable<RelayOptions['handlers']>;

  constructor() {
    let resolve: () => void;
    this.closed = new Promise((settle) => {
      resolve = settle;
    });
    this.handlers = {
      close: (_relay, error) => {
        this.reported.push(error);
        resolve();
      },
    };
  }
}

/** Two sides, joined. */
export async function joined(
  descriptors: Descriptors,
  [first, second]: readonly [SideOptions, SideOptions],
  options: RelayOptions = {},
) {
  const { reactor, errors } = attachedReactor(descriptors);
  const a = await side(descriptors, reactor, first);
  const b = await side(descriptors, reactor, second);
  const recorder = new RelayRecorder();
  const link: Relay = relay(a.connection, b.connection, {
    ...options,
    handlers: recorder.handlers,
  });
  descriptors.using(link);
  return { reactor, errors, a, b, link, recorder };
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Sends random bytes in chunks as fast as they are taken, ends, and returns their hash. */
export async function sendRandom(socket: Socket, chunkCount: number): Promise<string> {
  const hash = createHash('sha256');
  for (let i = 0; i < chunkCount; i++) {
    const chunk = randomBytes(volume(100_000 + (i % 7) * 1000) + i);
    hash.update(chunk);
    if (!socket.write(chunk)) await once(socket, 'drain');
  }
  socket.end();
  return hash.digest('hex');
}

/** Reads to the end. @throws the error of the socket's 'error'. */
export async function receiveAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) chunks.push(chunk);
  return Buffer.concat(chunks);
}
