// What edgewise exports of its reactor alone: what needs no more does not wait for the rest to load.
export { Interest, Poller } from '../../dist/poller/index.js';
export { isBytes, Reactor, Waker } from '../../dist/reactor/index.js';
