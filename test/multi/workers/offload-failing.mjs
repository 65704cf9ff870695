// A thread that fails outside of its task, while the program goes on (`reported`), or in the moment in
// which the reactor is closed (`closing`). Prints what happens, and ends by itself.
import { Reactor } from '../../../dist/index.js';
import { createOffload } from '../../../dist/multi/index.js';

const reactor = new Reactor();
reactor.attach();
const module = new URL('./offload-task.mjs', import.meta.url);
const offload = await createOffload({ reactor, module, threads: 1 });
await new Promise((resolve) => offload.run({}, resolve));

// The cell shows that the error is on its way. To wait for it keeps Node's loop from handling it.
const words = new Int32Array(new SharedArrayBuffer(8));
const answered = new Promise((resolve) => {
  offload.run({ kind: 'fail later', cells: words.buffer }, (error) => {
    console.log(`${error.code}: ${error.cause.message}`);
    resolve();
  });
});
if (process.argv[2] === 'closing') Atomics.wait(words, 0, 0);
else await answered;
reactor.close();
await offload.close();
console.log('closed');
