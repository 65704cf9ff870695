// The module of a pool in tests: echoes, and answers some words. `?` sends the number of the thread.
import { threadId } from 'node:worker_threads';

let context;

export function start(given) {
  context = given;
  if (given.data?.throwAt === 'start') throw new Error('as asked for');
}

const WORDS = {
  'index?': (connection) => connection.write(`${context.index}`),
  'thread?': (connection) => connection.write(`${threadId}`),
  'block!': (connection) => {
    const end = performance.now() + 300;
    while (performance.now() < end);
    connection.write('unblocked');
  },
  'throw!': () => {
    throw new Error('thrown by a handler');
  },
  'exit!': () => process.exit(7),
};

export const handlers = {
  data(connection, bytes) {
    const word = bytes.length < 10 ? WORDS[bytes.toString()] : undefined;
    if (word !== undefined) word(connection);
    else if (!connection.write(bytes)) connection.pause();
  },
  drain(connection) {
    connection.resume();
  },
};
