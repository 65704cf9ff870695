// Calls every method on fresh objects in a thread of its own, and posts the outcomes.
import { parentPort, workerData } from 'node:worker_threads';
import { Poller, Reactor } from './core.mjs';
import { METHODS, outcomeOf } from './methods.mjs';

const { backend, fd, spareFd } = workerData;
const handler = { onReady: () => undefined };
const outcomes = {};
for (const method of Object.keys(METHODS)) {
  const [reactor, poller] = [new Reactor({ backend }), new Poller({ backend })];
  const registration = reactor.register(fd, 1, handler);
  poller.add(fd, 1, 1);
  const timer = reactor.setTimeout(() => undefined, 1e6);
  const waker = reactor.createWaker(() => undefined);
  const subject = { reactor, poller, registration, timer, waker, handler, fd, spareFd };
  outcomes[method] = outcomeOf(method, subject);
  reactor.close();
  poller.close();
}
parentPort.postMessage(outcomes);
