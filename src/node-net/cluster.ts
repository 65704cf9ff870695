// Servers in a worker of node:cluster: the primary process listens for all of them, and either hands out
// the connections that it accepts, in turns, or lets its workers accept from one socket. What it
// gives is a handle of libuv, of whose descriptor a duplicate is ours; the handle itself is closed with it.
import cluster from 'node:cluster';
import { constants as os } from 'node:os';
import { SocketAddress } from '../address.ts';
import { check, ErrnoError } from '../errors.ts';
import type { Connection, Listener } from '../net/index.ts';
import * as sys from '../sys/index.ts';
import { type Accept, ServerHandle, SocketHandle } from './handle.ts';

/** What a server asks the primary for. */
export interface ServerQuery {
  readonly address: string | null;
  readonly port: number;
  readonly addressType: 4 | 6 | -1;
  readonly fd: number | undefined;
  readonly flags: number;
  readonly backlog: number;
}

/** A handle of libuv, or one that stands for the primary's: then it has no descriptor. */
interface ForeignHandle {
  readonly fd?: number;
  /** Of TCP only. */
  readonly getsockname?: unknown;
  onconnection?: (error: number, handle: ForeignHandle) => void;
  listen(backlog: number): number;
  close(callback?: () => void): void;
}

/** The parts of node:cluster that node:net uses. */
interface ClusterChild {
  readonly isWorker?: boolean;
  _getServer?(
    server: object,
    query: ServerQuery,
    callback: (error: number | null, handle: ForeignHandle | null) => void,
  ): void;
}

const { EADDRINUSE } = os.errno;

type OnConnection = (error: number, handle: SocketHandle) => void;

/** What a server does with what the primary has answered. */
export interface Answer {
  /** Whether the server still wants it. */
  isWanted(): boolean;
  /** A negative number of an error. */
  onError(error: number): void;
  /** It listens. */
  onHandle(handle: ServerHandle): void;
  onConnection: OnConnection;
  /** Listens on a descriptor, which is the listener's from then on. */
  adopt(fd: number, accept: Accept): Listener;
  /** Closes the server: the worker disconnects. */
  close(callback: () => void): void;
  /** Serves a connection that the primary has accepted; its descriptor is the connection's then. */
  serve(fd: number, isUnix: boolean): Connection;
}

/** Whether a server asks the primary, unless it is to be exclusive. */
export function isClusterWorker(): boolean {
  const { isWorker, _getServer } = cluster as ClusterChild;
  return isWorker === true && _getServer !== undefined;
}

/** Asks the primary to listen. */
export function askPrimary(server: object, query: ServerQuery, answer: Answer): void {
  (cluster as ClusterChild)._getServer?.(server, query, (error, handle) => {
    if (!answer.isWanted()) handle?.close();
    else if (error !== null && error !== 0) answer.onError(error);
    else if (handle !== null) adopt(handle, query, answer);
  });
}

/** A duplicate of the descriptor of a handle that is another's, close-on-exec. */
export function duplicateOf(fd: number): number {
  return check(sys.fcntl(fd, sys.constants.F_DUPFD_CLOEXEC, 0), 'fcntl', { fd });
}

// No one is there to catch what is thrown here: the primary's answer comes as a message.
function adopt(handle: ForeignHandle, query: ServerQuery, answer: Answer): void {
  let adopted: ServerHandle;
  try {
    adopted = adoptedHandle(handle, query, answer);
  } catch (error) {
    handle.close();
    answer.onError(errnoIn(error));
    return;
  }
  answer.onHandle(adopted);
}

function errnoIn(error: unknown): number {
  if (error instanceof ErrnoError) return error.errno;
  throw error;
}

function adoptedHandle(handle: ForeignHandle, query: ServerQuery, answer: Answer): ServerHandle {
  if (typeof handle.fd === 'number' && handle.fd >= 0) return sharedHandle(handle, query, answer);
  // Connections are handed out.
  handle.onconnection = (error, client) => {
    if (error !== 0) answer.onConnection(error, client as never);
    else adoptClient(client, answer);
  };
  handle.listen(query.backlog);
  closeServerWith(handle, answer);
  return handle as unknown as ServerHandle;
}

// When the worker disconnects, node:cluster closes the server of each handle, which it knows by a symbol of
// its own; where that is absent, the handle, with a callback that it waits for. Returns how the handle is
// closed.
function closeServerWith(handle: ForeignHandle, answer: Answer): () => void {
  const { close } = handle;
  handle.close = (callback) => {
    if (callback === undefined) close.call(handle);
    else answer.close(callback);
  };
  return () => close.call(handle);
}

function sharedHandle(handle: ForeignHandle, query: ServerQuery, answer: Answer): ServerHandle {
  const fd = duplicateOf(handle.fd as number);
  let shared: ServerHandle;
  try {
    checkPort(fd, query.port);
    check(sys.listen(fd, query.backlog), 'listen', { fd });
    shared = new ServerHandle(answer.onConnection, (accept) => answer.adopt(fd, accept));
  } catch (error) {
    sys.close(fd);
    throw error;
  }
  shared.onClose = closeServerWith(handle, answer);
  return shared;
}

// libuv keeps an EADDRINUSE of bind(2) for the `listen` of the handle, which another process has. What is
// not bound would listen on any port.
function checkPort(fd: number, port: number): void {
  if (port <= 0) return;
  const bound = new SocketAddress();
  check(sys.getsockname(fd, bound), 'getsockname', { fd });
  if (bound.port !== port) check(-EADDRINUSE, 'bind', { fd });
}

function adoptClient(client: ForeignHandle, answer: Answer): void {
  let adopted: SocketHandle;
  try {
    adopted = adoptedClient(client, answer);
  } catch (error) {
    answer.onConnection(errnoIn(error), client as never); // EMFILE
    return;
  }
  answer.onConnection(0, adopted);
}

function adoptedClient(client: ForeignHandle, answer: Answer): SocketHandle {
  const isUnix = client.getsockname === undefined;
  let fd: number;
  try {
    fd = duplicateOf(client.fd as number);
  } finally {
    client.close();
  }
  return new SocketHandle(isUnix, answer.serve(fd, isUnix));
}
