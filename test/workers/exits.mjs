// A process: its end, or its life, is the test: `node exits.mjs <case> <back-end> <driver>`.
// What it prints, and its exit code, is looked at in test/reactor/driver.exits.test.ts.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import * as sys from '../../dist/sys/index.js';
import { Interest, Reactor } from './core.mjs';
import { pingPong } from './pingpong.mjs';

const [, , name, backend, driver] = process.argv;
const reactor = new Reactor({ backend });
const fds = new Int32Array(2);
sys.pipe2(fds, sys.constants.O_NONBLOCK | sys.constants.O_CLOEXEC);
const [, writer] = fds;
const say = (text) => process.stdout.write(`${text}\n`);
const onWritable = (onReady) => reactor.register(writer, Interest.Writable, { onReady });

async function startWorker(state) {
  const script = new URL('./terminated.mjs', import.meta.url);
  const workerData = { backend, driver, state };
  const worker = new Worker(script, { workerData });
  await once(worker, 'message');
}

const CASES = {
  nothing() {
    reactor.attach({ driver });
    process.on('exit', () => say('bye'));
  },
  unrefRegistration() {
    reactor.register(fds[0], Interest.Readable, { onReady: () => undefined }).unref();
    reactor.setInterval(() => undefined, 1000).unref();
    reactor.createWaker(() => undefined).unref();
    reactor.onSignal('SIGTERM', () => undefined);
    reactor.attach({ driver });
    process.on('exit', () => say('bye'));
  },
  unrefReactor() {
    reactor.register(fds[0], Interest.Readable, { onReady: () => undefined });
    reactor.setInterval(() => undefined, 1000);
    reactor.attach({ driver });
    reactor.unref();
    process.on('exit', () => say('bye'));
  },
  async runResolves() {
    const registration = onWritable(() => registration.close());
    await reactor.run({ driver });
    say(`resolved, ${reactor.driverMode}`);
  },
  async runWithNothing() {
    await reactor.run({ driver });
    say(`resolved, ${reactor.driverMode}`);
  },
  staysAlive() {
    const registration = reactor.register(fds[0], Interest.Readable, { onReady: () => undefined });
    reactor.attach({ driver });
    setTimeout(() => {
      say('still here');
      registration.close();
    }, 30).unref(); // it is the reactor that keeps us
  },
  timerKeepsAlive() {
    reactor.setTimeout(() => say('fired'), 20);
    reactor.attach({ driver });
  },
  exitInHandler() {
    onWritable(() => process.exit(7));
    reactor.attach({ driver });
  },
  exitInTurn() {
    onWritable(() => process.exit(7));
    reactor.turn(-1);
  },
  uncaught() {
    onWritable(() => {
      throw new Error('from the handler');
    });
    reactor.attach({ driver });
  },
  uncaughtIsHandled() {
    const messages = [];
    process.on('uncaughtException', ({ message }) => messages.push(message));
    const registration = onWritable(() => {
      registration.close();
      throw new Error('handler');
    });
    reactor.defer(() => {
      throw new Error('deferred');
    });
    reactor.setTimeout(() => {
      throw new Error('timer');
    }, 5);
    const waker = reactor.createWaker(() => {
      waker.close();
      throw new Error('waker');
    });
    waker.wake();
    reactor.setTimeout(() => reactor.stop(), 20);
    process.on('exit', () => say(messages.sort().join(' ')));
    reactor.attach({ driver });
  },
  onErrorThrows() {
    const messages = [];
    process.on('uncaughtException', ({ message }) => messages.push(message));
    const onError = ({ message }) => {
      throw new Error(`onError: ${message}`);
    };
    const strict = new Reactor({ backend, onError });
    const fail = (what) => () => {
      throw new Error(what);
    };
    strict.defer(fail('first'));
    strict.defer(fail('second'));
    // In the turn after: and the end in the one after that.
    strict.defer(() => {
      strict.defer(() => strict.defer(() => strict.stop()));
      strict.defer(fail('third'));
    });
    process.on('exit', () => say(messages.join(', ')));
    strict.attach({ driver });
  },
  rejection() {
    process.on('unhandledRejection', (reason) => {
      say(`rejected ${reason}`);
      reactor.close();
    });
    onWritable(() => {
      Promise.reject('early');
    });
    reactor.attach({ driver });
  },
  async exitBehindBlockedWorker() {
    await startWorker('blocked');
    process.exit(3);
  },
  async exitBehindBusyWorker() {
    await startWorker('busy');
    process.exit(3);
  },
  async exitBehindIdleWorker() {
    await startWorker('idle');
    process.exit(3);
  },
  async exitBehindHandlerOfWorker() {
    await startWorker('inside');
    process.exit(3);
  },
  exitWhileBusy() {
    pingPong(reactor, 4);
    reactor.attach({ driver });
    setTimeout(() => process.exit(3), 10);
  },
  killedWhileBusy() {
    pingPong(reactor, 4);
    reactor.attach({ driver });
    setTimeout(() => process.kill(process.pid, 'SIGTERM'), 10);
  },
};

await CASES[name]();
