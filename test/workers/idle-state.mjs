// Brings a connection or a listener into a state in which nothing can be done, and idles: `node
// idle-state.mjs <state> <trigger> <milliseconds>`. Prints a line of JSON: the waits of the reactor
// meanwhile. Writes IDLE and OVER to standard error around the time, for a tracer to see.
import { setTimeout as elapsed } from 'node:timers/promises';
import { connect, listen, Reactor } from '../../dist/index.js';
import * as sys from '../../dist/sys/index.js';
import { limitDescriptors } from './descriptor-limit.mjs';

const [, , state, trigger, idleMs] = process.argv;
const HOST = '127.0.0.1';
const DESCRIPTORS_MAX = 64;
const { AF_INET, SOCK_STREAM, SHUT_WR, SOL_SOCKET, SO_LINGER } = sys.constants;

/** A state that is never reached must not go on for ever, whatever waits for this process. */
const GUARD_MS = 20_000;
setTimeout(() => process.exit(2), Number(idleMs) + GUARD_MS).unref();

const reactor = new Reactor();
reactor.attach();
const opened = [];
const calls = [];
const handlers = {
  open(connection) {
    opened.push(connection);
    if (state !== 'an end that was read') connection.pause();
  },
  end: () => calls.push('end'),
  close: (_, error) => calls.push(error?.code ?? 'close'),
};
const listener = listen({ host: HOST, trigger, handlers, reactor, allowHalfOpen: true });

function dial() {
  const fd = sys.socket(AF_INET, SOCK_STREAM);
  sys.connect(fd, { address: HOST, port: listener.port });
  return fd;
}

async function until(isSo) {
  while (!isSo()) await elapsed(1);
}

/** A raw peer and the paused connection that the listener has of it. */
async function pair() {
  const peer = dial();
  await until(() => opened.length === 1);
  return { peer, connection: opened[0] };
}

const send = (fd, text) => sys.send(fd, Buffer.from(text));

const STATES = {
  async 'an end that is not read'() {
    const { peer } = await pair();
    send(peer, 'unread');
    sys.shutdown(peer, SHUT_WR);
  },
  async 'an end that was read'() {
    const { peer } = await pair();
    sys.shutdown(peer, SHUT_WR);
    await until(() => calls.includes('end'));
  },
  async 'a hang-up while paused'() {
    const { peer, connection } = await pair();
    send(peer, 'unread');
    connection.end();
    sys.close(peer);
  },
  async 'an error while paused'() {
    const { peer } = await pair();
    sys.setsockopt(peer, SOL_SOCKET, SO_LINGER, Int32Array.of(1, 0));
    sys.close(peer);
    await until(() => calls.includes('ECONNRESET'));
  },
  // Nothing reads it: the descriptor is watched, but not by the net layer.
  async 'an error that is pending'() {
    const { peer, connection } = await pair();
    const fd = sys.dup(connection.fd);
    connection.destroy();
    reactor.register(fd, 0, { onReady: () => calls.push('error') }, { trigger });
    sys.setsockopt(peer, SOL_SOCKET, SO_LINGER, Int32Array.of(1, 0));
    sys.close(peer);
    await until(() => calls.includes('error'));
  },
  async 'a full write buffer'() {
    const { connection } = await pair();
    while (connection.write(Buffer.alloc(256 * 1024)));
    await until(() => connection.writableLength > 0);
  },
  async 'a paused reader with data waiting'() {
    const { peer } = await pair();
    send(peer, 'x'.repeat(100_000));
  },
  async 'a duplicate of a connection that was closed'() {
    const { peer, connection } = await pair();
    sys.dup(connection.fd);
    connection.resume();
    connection.destroy();
    send(peer, 'no one watches this');
  },
  async 'a duplicate of a connection that was closed behind our back'() {
    const { peer, connection } = await pair();
    sys.dup(connection.fd);
    connection.resume();
    sys.close(connection.fd);
    send(peer, 'for the ghost');
  },
  async 'a listener at its descriptor limit'() {
    limitDescriptors(DESCRIPTORS_MAX);
    for (let i = 0; i < 40; i++) {
      connect({ host: HOST, port: listener.port, trigger, handlers: {}, reactor });
    }
    await until(() => listener.stats.exhausted > 0);
  },
};

const setUp = STATES[state];
if (setUp === undefined) throw new Error(`no state ${state}`);
await setUp();
await elapsed(100); // what was under way on the loopback has arrived
const before = reactor.stats.waits;
process.stderr.write('IDLE\n');
await elapsed(Number(idleMs));
process.stderr.write('OVER\n');
console.log(JSON.stringify({ waits: reactor.stats.waits - before, calls }));
process.exit();
