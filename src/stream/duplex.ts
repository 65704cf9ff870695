// toDuplex(): gives a connection over to Node's streams.
import type { DuplexOptions } from 'node:stream';
import { invalidType } from '../errors.ts';
import { Connection } from '../net/connection.ts';
import { Connection as AwaitedConnection } from '../promises/connection.ts';
import { SocketDuplex } from './socket.ts';

/** A connection of handlers, or one of `edgewise/promises`. */
export type AnyConnection = Connection<never> | Connection | AwaitedConnection;

/**
 * Makes a stream of a connection, which is the stream's from here on: its handlers are told of
 * nothing but `close`. Bytes that a promise connection has read ahead, such as those behind a
 * delimiter, come first.
 *
 * @param options - of the stream: `highWaterMark` and its like, `signal`, `allowHalfOpen`: true, the
 *   default, as of any Duplex (TLS over it needs that); false, as of a net.Socket: our side ends when
 *   the peer has ended.
 * @throws TypeError - no connection. EdgewiseError - ERR_READ_IN_PROGRESS: it is being read from.
 */
export function toDuplex(connection: AnyConnection, options: DuplexOptions = {}): SocketDuplex {
  const isAwaited = connection instanceof AwaitedConnection;
  const raw = isAwaited ? connection.raw : connection;
  if (!(raw instanceof Connection)) throw invalidType('connection', 'a Connection', connection);
  const duplex = new SocketDuplex(options);
  duplex.attach(raw, isAwaited ? connection.takeReadAhead() : undefined);
  return duplex;
}
