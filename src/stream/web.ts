// toWebStreams(): a connection as the streams of the web platform. The readable one is a byte
// stream, so that a BYOB reader has the kernel write into memory of its own.
import { type ReadableByteStreamController, ReadableStream, WritableStream } from 'node:stream/web';
import { isError } from '../errors.ts';
import { Connection, WHEN_FAILED } from '../promises/connection.ts';
import { type AnyConnection, freeConnection } from './duplex.ts';

const CHUNK_SIZE = 64 * 1024;

/** The two directions of one connection. */
export interface WebStreams {
  /** What the peer sends: a byte stream, also for a BYOB reader. */
  readonly readable: ReadableStream<Uint8Array>;
  /** What is sent; closing it ends our side. */
  readonly writable: WritableStream<Uint8Array>;
}

async function pull(
  connection: Connection,
  controller: ReadableByteStreamController,
): Promise<void> {
  const request = controller.byobRequest;
  const view = request?.view;
  if (request == null || view == null) return; // the reader has gone meanwhile
  const target = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const count = await connection.readInto(target);
  if (count === 0) controller.close();
  request.respond(count);
}

/**
 * Makes web streams of a connection, which is theirs from here on. Closing the writable one ends
 * our side; aborting it or cancelling the readable one closes the connection. Bytes that a promise
 * connection has read ahead come first.
 *
 * @throws TypeError - no connection. EdgewiseError - ERR_CONNECTION_IN_USE: it is in a relay, or a
 *   stream already.
 */
export function toWebStreams(connection: AnyConnection): WebStreams {
  const isAwaited = connection instanceof Connection;
  return toStreams(isAwaited ? connection : new Connection(freeConnection(connection)));
}

// What the types of Node leave out.
interface Abortable {
  readonly signal: AbortSignal;
}

function toStreams(connection: Connection): WebStreams {
  const fails: ((error: Error) => void)[] = [];
  const readable = new ReadableStream({
    type: 'bytes',
    autoAllocateChunkSize: CHUNK_SIZE,
    start: (controller) => void fails.push((error) => controller.error(error)),
    pull: (controller) => pull(connection, controller as ReadableByteStreamController),
    cancel: (reason) => connection.destroy(errorIn(reason)),
  });
  const writable = new WritableStream<Uint8Array>({
    start: (controller) => {
      const { signal } = controller as unknown as Abortable;
      // Not by `abort`, which waits for the write that is under way: for ever, where no one reads.
      signal.addEventListener('abort', () => connection.destroy(errorIn(signal.reason)));
      fails.push((error) => {
        if (!signal.aborted) controller.error(error); // it is failing already
      });
    },
    write: async (chunk) => {
      await connection.write(chunk);
    },
    close: () => connection.end(),
  });
  connection[WHEN_FAILED]((error) => {
    for (const fail of fails) fail(error);
  });
  return { readable, writable };
}

function errorIn(reason: unknown): Error | undefined {
  return isError(reason) ? reason : undefined;
}
