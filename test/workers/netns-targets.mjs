// Connects to targets that only a network namespace of its own has: `unshare -rn node
// netns-targets.mjs`. Prints a line of JSON: the error of each connect.
//   unroutable   no route leads there
//   rejected     a route says that the host cannot be reached
//   filtered     an interface that swallows everything: nothing answers
import { execFileSync } from 'node:child_process';
import { connect, Reactor } from '../../dist/index.js';

const ip = (...args) => execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
ip('link', 'set', 'lo', 'up');
ip('route', 'add', 'unreachable', '198.51.100.0/24');
ip('tuntap', 'add', 'dev', 'swallow', 'mode', 'tun'); // nothing reads it: what it is sent is dropped
ip('address', 'add', '192.0.2.1/24', 'dev', 'swallow');
ip('link', 'set', 'swallow', 'up');

const reactor = new Reactor();
reactor.attach();

function dial(host, timeoutMs) {
  return new Promise((resolve) => {
    const close = (_, error) => resolve(error?.code ?? 'orderly');
    const open = (connection) => connection.destroy(new Error('it opened'));
    connect({ host, port: 9, timeoutMs, reactor, handlers: { open, close } });
  });
}

const errors = {
  unroutable: await dial('203.0.113.1', 5000),
  rejected: await dial('198.51.100.1', 5000),
  filtered: await dial('192.0.2.2', 50),
};
console.log(JSON.stringify({ errors, registrations: reactor.registrationCount }));
reactor.close();
