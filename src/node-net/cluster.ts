// Servers in a worker of node:cluster: the primary process listens for all of them, and either hands out
// the connections that it accepts, in turns, or lets its workers accept from one socket. What it
// gives is a handle of libuv, of whose descriptor a duplicate is ours; the handle itself is closed with it.
import cluster from 'node:cluster';
import { check } from '../errors.ts';
import { establishedConnection, type Listener } from '../net/index.ts';
import * as sys from '../sys/index.ts';
import { ServerHandle, SocketHandle } from './handle.ts';

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
  adopt(fd: number, accept: Parameters<ConstructorParameters<typeof ServerHandle>[1]>[0]): Listener;
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
    else if (handle !== null) answer.onHandle(adoptedHandle(handle, query.backlog, answer));
  });
}

/** A duplicate of the descriptor of a handle that is another's, close-on-exec. */
export function duplicateOf(fd: number): number {
  return check(sys.fcntl(fd, sys.constants.F_DUPFD_CLOEXEC, 0), 'fcntl', { fd });
}

function adoptedHandle(handle: ForeignHandle, backlog: number, answer: Answer): ServerHandle {
  if (typeof handle.fd === 'number' && handle.fd >= 0) return sharedHandle(handle, backlog, answer);
  // Connections are handed out.
  handle.onconnection = (error, client) => {
    answer.onConnection(error, error === 0 ? adoptedClient(client) : (client as never));
  };
  handle.listen(backlog);
  return handle as unknown as ServerHandle;
}

function sharedHandle(handle: ForeignHandle, backlog: number, answer: Answer): ServerHandle {
  const fd = duplicateOf(handle.fd as number);
  check(sys.listen(fd, backlog), 'listen', { fd });
  const shared = new ServerHandle(answer.onConnection, (accept) => answer.adopt(fd, accept));
  const close = handle.close;
  shared.onClose = () => close.call(handle);
  handle.close = () => shared.close(); // by node:cluster, when the worker disconnects
  return shared;
}

function adoptedClient(client: ForeignHandle): SocketHandle {
  const fd = duplicateOf(client.fd as number);
  client.close();
  const connection = establishedConnection(fd, { handlers: {} });
  return new SocketHandle(connection.group.settings.isUnix, connection);
}
