// A task that is given up when it has just been done, while another one waits. Prints what becomes
// of both. A program of its own: what it is about depends on how soon the thread ends.
import { Reactor } from '../../../dist/index.js';
import { createOffload } from '../../../dist/multi/index.js';

const reactor = new Reactor();
reactor.attach();
const module = new URL('./offload-task.mjs', import.meta.url);
const offload = await createOffload({ reactor, module, threads: 1 });
const ask = (input, options) =>
  new Promise((resolve) => {
    offload.run(input, options, (error, result) => resolve(error?.message ?? result));
  });
const before = await ask({ kind: 'thread' });

const words = new Int32Array(new SharedArrayBuffer(8));
const controller = new AbortController();
const { signal } = controller;
const given = ask({ kind: 'announcing', cells: words.buffer }, { signal });
const waiting = ask({ kind: 'thread' });
Atomics.wait(words, 0, 0); // done, and Node's loop does not know
controller.abort();
console.log(await given);
const after = await waiting;
console.log(after === before ? 'the same thread' : typeof after === 'number' ? 'a new one' : after);
reactor.close();
