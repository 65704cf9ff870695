// What test/multi/offload*.test.ts offload. A cell of shared memory tells that the task has come to a
// place, and another one lets it go on.
import { exit } from 'node:process';
import { threadId } from 'node:worker_threads';

function tell(words) {
  Atomics.store(words, 0, 1);
  Atomics.notify(words, 0);
}

// Tells when it is being sent: its task is done, and the thread waits for the next one.
function telling(words) {
  return {
    get sent() {
      tell(words);
      return true;
    },
  };
}

// Fails outside of the task, which never ends. Tells when the error is on its way.
function failLater(words) {
  const end = process.exit;
  process.exit = (code) => {
    tell(words); // Node calls this when it has told of the error
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
  if (kind === 'telling') return telling(words);
  if (kind === 'fail later') return failLater(words);
  if (kind === 'block') {
    tell(words);
    Atomics.wait(words, 1, 0);
  }
  return value;
}
