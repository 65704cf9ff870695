// What test/multi/offload*.test.ts offload. A cell of shared memory shows that the task has arrived at a
// place, and another one lets it go on.
import { exit } from 'node:process';
import { threadId } from 'node:worker_threads';

function announce(words) {
  Atomics.store(words, 0, 1);
  Atomics.notify(words, 0);
}

// Announces when it is being sent: its task is done, and the thread waits for the next one.
function announcing(words) {
  return {
    get sent() {
      announce(words);
      return true;
    },
  };
}

// Fails outside of the task, which never ends. Announces when the error is on its way.
function failLater(words) {
  const end = process.exit;
  process.exit = (code) => {
    announce(words); // Node calls this when it has reported the error
    end(code);
  };
  setTimeout(() => {
    throw new Error('later');
  });
  return new Promise(() => undefined);
}

export function task({ kind, cells, value }) {
  const words = cells && new Int32Array(cells);
  if (kind === 'throw') throw new RangeError('too much');
  if (kind === 'throw null') throw null;
  if (kind === 'exit') process.exit(3);
  if (kind === 'imported exit') exit(4);
  if (kind === 'function') return () => undefined;
  if (kind === 'thread') return threadId;
  if (kind === 'announcing') return announcing(words);
  if (kind === 'fail later') return failLater(words);
  if (kind === 'block') {
    announce(words);
    Atomics.wait(words, 1, 0);
  }
  return value;
}
