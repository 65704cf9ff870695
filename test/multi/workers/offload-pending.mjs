// A program that hands one task in and has nothing else to do. Prints what happens; nothing is
// closed, so it ends when nothing keeps it.
import { Reactor } from '../../../dist/index.js';
import { createOffload } from '../../../dist/multi/index.js';

const reactor = new Reactor();
const module = new URL('./offload-task.mjs', import.meta.url);
const offload = await createOffload({ reactor, module, threads: 2 });
offload.run({ value: 'answered' }, (_error, result) => console.log(result));
await reactor.run();
console.log(`ran, ${offload.stats.pending} pending`);
