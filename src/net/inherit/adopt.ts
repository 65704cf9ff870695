// Sockets that exist already become connections and datagram sockets: those that a supervisor or
// another process has handed over, or that edgewise/sys made. adoptListener is in listen/listen.ts.
import * as sys from '../../sys/index.ts';
import { checkObject, throwIfAborted } from '../../validate.ts';
import { acceptConnection, type Connection, createConnection } from '../connection/connection.ts';
import type { AnyConnection, ConnectionGroup } from '../connection/group.ts';
import { CONNECTION_OPTIONS, type ConnectionOptions, groupOf } from '../connection/options.ts';
import { type DatagramOptions, DatagramSocket, datagramSettings } from '../datagram/index.ts';
import { isUnixSocket, prepare } from '../socket/inherited.ts';

/** Options of {@link adoptDatagram}: those of `bindDatagram` that do not make the socket. */
export type AdoptDatagramOptions<Data> = Pick<
  DatagramOptions<Data>,
  | 'handlers'
  | 'data'
  | 'reactor'
  | 'trigger'
  | 'batch'
  | 'queueBytesMax'
  | 'signal'
  | 'asyncContext'
  | 'receiveDescriptors'
>;

const DATAGRAM_NAMES = Object.keys({
  handlers: true,
  data: true,
  reactor: true,
  trigger: true,
  batch: true,
  queueBytesMax: true,
  signal: true,
  asyncContext: true,
  receiveDescriptors: true,
} satisfies Record<keyof AdoptDatagramOptions<unknown>, true>);

/**
 * Makes a connection of a connected stream socket, TCP or Unix. `open` is called in a later turn; what
 * is written before is sent then.
 *
 * @param fd - the connection's from here on; when this throws, it is still the caller's. It is made
 *   non-blocking for every process that shares it.
 * @throws ErrnoError - EBADF, ENOTSOCK; EINVAL: it is no connected stream socket.
 * @throws as `connect`.
 */
export function adoptConnection<Data = unknown>(
  fd: number,
  options: ConnectionOptions<Data>,
): Connection<Data> {
  checkObject('options', options);
  prepare(fd, 'connection');
  const group = groupOf(options, isUnixSocket(fd));
  group.reactor.lintNames('adoptConnection', options, Object.keys(CONNECTION_OPTIONS));
  const connection = createConnection<Data>(group);
  if (connection.isClosed) sys.close(fd);
  else establishLater(group, connection, fd);
  return connection;
}

/** As `adoptConnection`, but open when this returns: `open` is called inside. For the rooms above. */
export function establishedConnection<Data = unknown>(
  fd: number,
  options: ConnectionOptions<Data>,
): Connection<Data> {
  prepare(fd, 'connection');
  return acceptConnection(groupOf(options, isUnixSocket(fd)), fd);
}

/**
 * A connection that this process was given as another has accepted it, non-blocking; for the rooms
 * above. Its peer may have gone meanwhile, which the first read reports; open when this returns.
 *
 * @param fd - the connection's from here on; when this throws, it is still the caller's.
 */
export function acceptedConnection(
  fd: number,
  isUnix: boolean,
  options: ConnectionOptions,
): Connection {
  return acceptConnection(groupOf(options, isUnix), fd);
}

// No handler is called inside `adoptConnection`.
function establishLater(group: ConnectionGroup, connection: AnyConnection, fd: number): void {
  const { reactor } = group;
  let isWaiting = true;
  const settle = () => {
    isWaiting = false;
    reactor.countReferenced(-1);
  };
  reactor.countReferenced(1);
  group.onGone = () => {
    if (!isWaiting) return; // the descriptor was the connection's already, which has closed it
    settle();
    sys.close(fd);
  };
  reactor.defer(() => {
    if (!isWaiting) return;
    isWaiting = false;
    try {
      group.inScope(() => connection.establish(fd));
    } finally {
      settle(); // after it: the reactor is never without something to do
    }
  });
}

/**
 * Receives and sends on a datagram socket that exists already, UDP or Unix.
 *
 * @param fd - the socket's from here on; when this throws, it is still the caller's. It is made
 *   non-blocking for every process that shares it.
 * @throws ErrnoError - EBADF, ENOTSOCK; EINVAL: it is no datagram socket.
 * @throws as `bindDatagram`.
 */
export function adoptDatagram<Data = unknown>(
  fd: number,
  options: AdoptDatagramOptions<Data>,
): DatagramSocket<Data> {
  checkObject('options', options);
  const { signal } = options;
  throwIfAborted(signal);
  prepare(fd, 'datagram');
  const settings = datagramSettings(options, isUnixSocket(fd));
  settings.reactor.lintNames('adoptDatagram', options, DATAGRAM_NAMES);
  return new DatagramSocket<Data>(fd, settings, signal);
}
