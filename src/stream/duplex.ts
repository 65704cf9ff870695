// toDuplex(): gives a connection over to Node's streams.
import type { DuplexOptions } from 'node:stream';
import { EdgewiseError, invalidType } from '../errors.ts';
import { Connection } from '../net/index.ts';
import { Connection as AwaitedConnection, GIVE_AWAY } from '../promises/connection.ts';
import { driverOf, SocketDuplex } from './socket.ts';

/** A connection of handlers, or one of `edgewise/promises`. */
export type AnyConnection = Connection<never> | Connection | AwaitedConnection;

const OPTION_NAMES = Object.keys({
  highWaterMark: true,
  readableHighWaterMark: true,
  writableHighWaterMark: true,
  allowHalfOpen: true,
  signal: true,
  encoding: true,
  defaultEncoding: true,
  decodeStrings: true,
  objectMode: true,
  readableObjectMode: true,
  writableObjectMode: true,
  writableCorked: true,
  autoDestroy: true,
  emitClose: true,
  construct: true,
  read: true,
  write: true,
  writev: true,
  final: true,
  destroy: true,
} satisfies Record<keyof DuplexOptions, true>);

/**
 * @internal a connection of handlers that nothing else reads and writes
 *
 * @throws TypeError - something else. EdgewiseError - ERR_CONNECTION_IN_USE.
 */
// biome-ignore lint/suspicious/noExplicitAny: nothing here looks at the user's data
export function freeConnection(connection: unknown): Connection<any> {
  if (!(connection instanceof Connection)) {
    throw invalidType('connection', 'a Connection', connection);
  }
  if (!connection.hasDriver) return connection;
  throw new EdgewiseError('ERR_CONNECTION_IN_USE', 'something else uses the connection');
}

/**
 * Makes a stream of a connection, which is the stream's from here on: of its handlers only `close` is
 * called, and `timeout` where it has an idle timeout. Bytes that a promise connection
 * has read ahead, such as those behind a delimiter, come first; what waits there for room, or for
 * the close, goes on waiting.
 *
 * @param options - of the stream: `highWaterMark` and its like, `signal`, `allowHalfOpen`: true, the
 *   default, as of any Duplex (TLS over it needs that); false, as of a net.Socket: our side ends when
 *   the peer has ended.
 * @throws TypeError - no connection. EdgewiseError - ERR_READ_IN_PROGRESS: it is being read from.
 *   ERR_WAIT_IN_PROGRESS: a buffer longer than the watermark is being written. ERR_CONNECTION_IN_USE:
 *   it is in a relay, or a stream already.
 */
export function toDuplex(connection: AnyConnection, options: DuplexOptions = {}): SocketDuplex {
  const isAwaited = connection instanceof AwaitedConnection;
  const raw = isAwaited ? connection.raw : freeConnection(connection);
  const duplex = new SocketDuplex(options);
  raw.reactor.lintNames('toDuplex', options, OPTION_NAMES);
  driverOf(duplex).attach(raw, isAwaited ? connection[GIVE_AWAY]() : {});
  return duplex;
}
