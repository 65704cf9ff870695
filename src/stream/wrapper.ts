// The part that our sockets take in node:tls and node:http2. Those read and write a net.Socket by its
// handle; a stream that is none they wrap in a net.Socket of their own with a handle of their own, which
// calls the stream. We find that handle, give it the bytes ourselves, and add to it what they ask the
// handle of a net.Socket: addresses, options, ref and unref.
//
// The handle is the resource of the call by which it lets the stream flow for the first time, and its
// owner is the one that names our stream. Where neither is so, in another release of Node, nothing is
// found, and the socket is used as any other stream.
import { executionAsyncResource } from 'node:async_hooks';
import { constants as os } from 'node:os';
import type { Duplex } from 'node:stream';
import type { SocketAddress } from '../address.ts';
import { readCopy, readMemory } from '../flow/index.ts';
import type { TcpOptions } from '../net/index.ts';
import type { KnownAddresses } from './addresses.ts';
import { keepAliveOf } from './keep-alive.ts';

const { ENOTCONN } = os.errno;
const MS_PER_SECOND = 1000;

/** What a stream is wrapped in. */
export interface Wrapper {
  /** Takes what has come; the bytes are copied. */
  readBuffer(bytes: Uint8Array): void;
}

/** Where what is read goes, in place of being pushed: to a wrapper, or the `onread` of net.Socket. */
export interface Sink {
  /** Memory for the next read. */
  memory(): Uint8Array;
  /** So many bytes are in it; returns whether more is wanted. */
  deliver(count: number): boolean;
}

/** What a wrapper asks of the socket beneath. */
export interface Wrapped {
  readonly addresses: KnownAddresses;
  isReferenced: boolean;
  setOptions(options: TcpOptions): void;
}

/** The wrapper that lets `stream` flow at this moment. */
export function wrapperOf(stream: Duplex): Wrapper | undefined {
  const resource = executionAsyncResource() as Partial<Wrapper> & Record<symbol, unknown>;
  if (typeof resource?.readBuffer !== 'function') return undefined;
  const owners = Object.getOwnPropertySymbols(resource).map((key) => resource[key]);
  const isOurs = owners.some((owner) => (owner as { stream?: unknown } | null)?.stream === stream);
  return isOurs ? (resource as Wrapper) : undefined;
}

/** Gives a wrapper what is read. */
export function sinkOf(wrapper: Wrapper): Sink {
  return {
    memory: readMemory,
    deliver(count) {
      wrapper.readBuffer(readCopy(count));
      return true; // it pauses the stream otherwise
    },
  };
}

/** Lets a wrapper answer what a handle of node:net does. */
export function equip(wrapper: Wrapper, socket: Wrapped): void {
  Object.assign(wrapper, {
    getpeername: (out: object) => fill(out, socket.addresses.remote),
    getsockname: (out: object) => fill(out, socket.addresses.local),
    setNoDelay: (noDelay: boolean) => socket.setOptions({ noDelay: Boolean(noDelay) }),
    setKeepAlive: (isEnabled: boolean, seconds: number) =>
      socket.setOptions({ keepAlive: keepAliveOf(isEnabled, seconds * MS_PER_SECOND) }),
    ref: () => {
      socket.isReferenced = true;
    },
    unref: () => {
      socket.isReferenced = false;
    },
  });
}

function fill(out: object, known: SocketAddress | undefined): number {
  if (known === undefined) return -ENOTCONN;
  const { address, family, port } = known;
  Object.assign(out, { address, family, port });
  return 0;
}
