// The module of a pool in tests of hand-overs. It echoes, and hands a connection over after every part
// of what it reads; some words, sent alone, ask for something else. Counts in shared memory.
import * as sys from '../../../dist/sys/index.js';

const peeked = Buffer.alloc(1);
let context;
let counts;

/** Places in the counts, as test/multi/bouncing.ts has them. */
let Count;

export function start(given) {
  context = given;
  Count = given.data.places;
  counts = new Int32Array(given.data.counts);
}

const other = () => 1 - context.index;

function move(connection) {
  const hasUnsent = connection.writableLength > 0;
  const hasUnread = sys.recv(connection.fd, peeked, 0, 1, sys.constants.MSG_PEEK) > 0;
  if (codeOf(() => context.handOver(connection, other(), { bounces: true })) === 'ERR_CLOSED')
    return; // it drains
  if (!connection.isHandedOver || !connection.isClosed) throw new Error('it is still here');
  Atomics.add(counts, Count.Moves, 1);
  if (hasUnsent) Atomics.add(counts, Count.Unsent, 1);
  if (hasUnread) Atomics.add(counts, Count.Unread, 1);
}

function codeOf(call) {
  try {
    call();
    return 'nothing';
  } catch (error) {
    return error.code;
  }
}

/** What is tried here is answered with its code: the connection stays. */
const REFUSED = {
  'index!': (connection) => context.handOver(connection, 2),
  'negative!': (connection) => context.handOver(connection, -1),
  'text!': (connection) => context.handOver(connection, '1'),
  'own!': (connection) => context.handOver(connection, context.index),
  'object!': () => context.handOver({}, other()),
  'data!': (connection) => context.handOver(connection, other(), codeOf),
};

const HOSTILE = [
  undefined,
  null,
  true,
  1.5,
  Number.NaN,
  2 ** 32,
  -1n,
  'x',
  Symbol('x'),
  {},
  [],
  codeOf,
];

/** Every mixture of hostile arguments: `true` when each was refused with a code. */
function areRefused(connection) {
  const cases = HOSTILE.flatMap((value) => [
    () => context.handOver(value, other()),
    () => context.handOver(value, value, value),
    () => context.handOver(connection, value),
    () => context.handOver(Object.create(connection), value),
  ]);
  return cases.every((call) => /^ERR_(INVALID_ARG|OUT_OF_RANGE)/.test(codeOf(call)));
}

/** What must not work with the object that was handed over. */
const AFTER = {
  write: (connection) => connection.write('x'),
  handOver: (connection) => context.handOver(connection, other()),
  end: (connection) => connection.end('x'),
  writeZeroCopy: (connection) => connection.writeZeroCopy(peeked, codeOf),
  setOptions: (connection) => connection.setOptions({ noDelay: true }),
  tcpInfo: (connection) => connection.tcpInfo(),
};

const WORDS = {
  'hostile!': (connection) => connection.write(`${areRefused(connection)}`),
  'where?': (connection) => connection.write(`${context.index} ${connection.bytesRead}`),
  'move!': (connection) => context.handOver(connection, other(), { answers: true }),
  'move+die!': (connection) => context.handOver(connection, other(), { throws: true }),
  'move+block!': (connection) => context.handOver(connection, other(), { blocksMs: 300 }),
  'move+end!': (connection) => {
    connection.end(Buffer.alloc(8 * 1024 * 1024, 'e'));
    context.handOver(connection, other());
  },
  'move+destroy!': (connection) => context.handOver(connection, other(), { destroys: true }),
  'leave+block!': (connection) => {
    context.handOver(connection, other(), { returns: true });
    while (Atomics.load(counts, Count.Released) === 0); // what the pool says waits
  },
  'silence!': (connection) => {
    connection.setTimeout(20);
    context.handOver(connection, other());
  },
  'closing!': (connection) => {
    connection.close({ timeoutMs: 60_000 });
    counts[Count.Moves] =
      codeOf(() => context.handOver(connection, other())) === 'ERR_HANDOVER_FAILED' ? 1 : 2;
    connection.destroy();
  },
  'closed!': (connection) => {
    connection.destroy();
    counts[Count.Moves] =
      codeOf(() => context.handOver(connection, other())) === 'ERR_CLOSED' ? 1 : 2;
  },
  'after!': (connection) => {
    context.handOver(connection, other(), { answers: true });
    const codes = Object.values(AFTER).map((use) => codeOf(() => use(connection)));
    for (const harmless of [
      'pause',
      'resume',
      'cork',
      'uncork',
      'end',
      'destroy',
      'unref',
      'ref',
    ]) {
      connection[harmless]();
    }
    counts[Count.Moves] = codes.every((code) => code === 'ERR_HANDED_OVER') ? 1 : 2;
  },
};

export function adopt(connection) {
  Atomics.add(counts, Count.Adopted, 1);
  const { answers, returns, throws, destroys, blocksMs = 0 } = connection.data ?? {};
  const end = performance.now() + blocksMs;
  while (performance.now() < end);
  if (answers) connection.write(`adopted by ${context.index}`);
  if (returns) context.handOver(connection, other(), { answers: true });
  if (destroys) connection.destroy();
  if (throws) throw new Error('thrown by adopt');
}

export const handlers = {
  data(connection, bytes) {
    const word = bytes.length < 20 ? bytes.toString() : '';
    if (word in REFUSED) connection.write(codeOf(() => REFUSED[word](connection)));
    else if (word in WORDS) WORDS[word](connection);
    else {
      Atomics.add(counts, Count.Bytes, bytes.length);
      connection.write(bytes);
      move(connection);
    }
  },
  end(connection) {
    Atomics.add(counts, Count.Ended, 1);
    if (connection.data?.bounces) move(connection);
  },
  timeout(connection) {
    connection.end(`silent on ${context.index}`);
  },
  close() {
    Atomics.add(counts, Count.Closed, 1);
  },
};
