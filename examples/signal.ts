// Signals as events: the handler runs in a turn of the reactor, not in the middle of something,
// so it may do anything. Try kill -HUP and then kill -TERM with the pid that is printed.
import { Reactor } from 'edgewise';

const reactor = new Reactor();
let reloadCount = 0;

// Signals do not keep the reactor alive, as a listener or this timer does.
const work = reactor.setInterval(() => undefined, 1000);

const reload = reactor.onSignal('SIGHUP', (name, number) => {
  console.log(`${name} (${number}): reload ${++reloadCount}`);
});

// The orderly end: take away what keeps us alive instead of leaving by process.exit().
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  reactor.onSignal(name, () => {
    console.log(`${name}: finishing`);
    work.clear();
    reload.close(); // from here on SIGHUP does again what it did before: it ends the process
  });
}

// Node's own handlers go on being called.
process.on('SIGTERM', () => console.log('SIGTERM: process.on has it too'));

console.log(`waiting for signals, pid ${process.pid}`);
await reactor.run();
reactor.close();
console.log('done');
