// Attaches inside an AsyncLocalStorage context and collects garbage: `node --expose-gc
// attached-context.mjs inverted|nested` prints what callbacks find, each before and after.
import { AsyncLocalStorage, executionAsyncResource } from 'node:async_hooks';
import { setImmediate as nextPass } from 'node:timers/promises';
import { Reactor } from './core.mjs';

const storage = new AsyncLocalStorage();
const driver = process.argv[2];
const reactor = new Reactor();
storage.run('attached', () => reactor.attach({ driver }));

const look = () =>
  new Promise((resolve) => {
    const found = {};
    reactor.defer(() => {
      found.deferred = storage.getStore();
    });
    reactor.setTimeout(() => {
      found.timer = storage.getStore();
      resolve({ found, resource: executionAsyncResource() });
    }, 1);
  });

const before = await look();
for (let pass = 0; pass < 5; pass++) {
  globalThis.gc();
  await nextPass();
}
const after = await look();
reactor.close();
const isSameResource = before.resource === after.resource;
console.log(JSON.stringify({ before: before.found, after: after.found, isSameResource }));
