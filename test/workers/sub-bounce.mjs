// The module of a pool in tests of hand-overs: echoes, and hands a connection over after every part
// of it. Counts in shared memory: moves, those with unsent bytes, those with unread ones.
import * as sys from '../../dist/sys.js';

const peeked = Buffer.alloc(1);
let context;
let counts;

export function start(given) {
  context = given;
  counts = new Int32Array(given.data.counts);
}

function move(connection) {
  const hasUnsent = connection.writableLength > 0;
  const hasUnread = sys.recv(connection.fd, peeked, 0, 1, sys.constants.MSG_PEEK) > 0;
  context.handOver(connection, 1 - context.index, { moves: (connection.data?.moves ?? 0) + 1 });
  if (!connection.isHandedOver || !connection.isClosed) throw new Error('it is still here');
  Atomics.add(counts, 0, 1);
  if (hasUnsent) Atomics.add(counts, 1, 1);
  if (hasUnread) Atomics.add(counts, 2, 1);
}

function codeOf(call) {
  try {
    call();
    return 'nothing';
  } catch (error) {
    return error.code;
  }
}

const FAULTS = {
  'index!': (connection) => codeOf(() => context.handOver(connection, 2)),
  'object!': () => codeOf(() => context.handOver({}, 0)),
  'data!': (connection) => codeOf(() => context.handOver(connection, 0, () => {})),
  'closing!': (connection) => {
    connection.closeGracefully(60_000);
    return codeOf(() => context.handOver(connection, 0));
  },
  'closed!': (connection) => {
    connection.destroy();
    return codeOf(() => context.handOver(connection, 0));
  },
};

export const handlers = {
  data(connection, bytes) {
    const fault = bytes.length < 10 ? FAULTS[bytes.toString()] : undefined;
    if (fault !== undefined) {
      const code = fault(connection);
      if (!connection.isClosed && !connection.isWriteEnded) connection.write(code);
      else if (counts.length > 3) counts[3] = code === 'ERR_CLOSED' ? 1 : 2;
      return;
    }
    if (!connection.write(bytes)) connection.pause();
    move(connection);
  },
  drain(connection) {
    connection.resume();
  },
  end(connection) {
    move(connection);
  },
};
