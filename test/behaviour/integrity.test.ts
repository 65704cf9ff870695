// The hard questions as a matrix: every public method in every state that an object can be in.
// The tables hold what differs from the outcome on fresh objects, which is success.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { type Backend, Interest } from '../../src/poller/interest.ts';
import { Poller } from '../../src/poller/poller.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import type { Registration } from '../../src/reactor/registration.ts';
import type { Timer } from '../../src/reactor/timers/timer.ts';
import { type ReactorWaker, Waker } from '../../src/reactor/waker.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { Recorder, send, turnIdly } from '../helpers/handlers.ts';
import { eachBackend } from '../helpers/matrix.ts';
import { METHODS, outcomeOf } from '../workers/methods.mjs';

const descriptors = useDescriptors();
const { Readable } = Interest;

interface Subject {
  readonly reactor: Reactor;
  readonly poller: Poller;
  readonly timer: Timer;
  readonly waker: ReactorWaker;
  readonly handler: Recorder;
  registration: Registration<unknown>;
  fd: number;
  readonly peerFd: number;
  readonly spareFd: number;
}

type Outcomes = Readonly<Record<string, string>>;

function fresh(backend: Backend, onReady: (subject: Subject) => void = () => undefined): Subject {
  const reactor = descriptors.using(new Reactor({ backend }));
  const poller = descriptors.using(new Poller({ backend }));
  const [fd, peerFd] = descriptors.socketpair();
  const [spareFd] = descriptors.socketpair();
  const handler = new Recorder(() => {
    if (handler.count === 1) onReady(subject);
  });
  const registration = reactor.register<unknown>(fd, Readable, handler);
  poller.add(fd, 1, Readable);
  const timer = reactor.setTimeout(() => undefined, 1e6);
  const waker = reactor.createWaker(() => undefined);
  const subject = { reactor, poller, timer, waker, handler, registration, fd, peerFd, spareFd };
  return subject;
}

/** Calls `method` inside the handler of an event, after `before`. */
function inHandler(backend: Backend, method: string, before: (subject: Subject) => void): string {
  let outcome = 'the handler was not called';
  const subject = fresh(backend, (inside) => {
    before(inside);
    outcome = outcomeOf(method, inside);
  });
  send(subject.peerFd, 'x');
  subject.reactor.turn(0);
  return end(subject, outcome);
}

/** Whatever a method has done, the objects can be used on, and be closed. */
function end({ reactor, poller }: Subject, outcome: string): string {
  if (!reactor.isClosed) turnIdly(reactor, 3);
  if (!poller.isClosed) poller.wait(0);
  reactor.close();
  poller.close();
  return outcome;
}

function addLaterOne(subject: Subject): void {
  const { reactor, handler } = subject;
  const [fd, peerFd] = descriptors.socketpair();
  subject.registration = reactor.register<unknown>(fd, Readable, handler);
  subject.fd = fd;
  send(peerFd, 'x');
}

const STATES: Readonly<Record<string, (backend: Backend, method: string) => string>> = {
  fresh(backend, method) {
    const subject = fresh(backend);
    return end(subject, outcomeOf(method, subject));
  },
  closed(backend, method) {
    const subject = fresh(backend);
    for (const each of ['waker', 'registration', 'reactor', 'poller'] as const) {
      subject[each].close();
    }
    return end(subject, outcomeOf(method, subject));
  },
  'inside a handler': (backend, method) => inHandler(backend, method, () => undefined),
  'inside a handler that removed itself': (backend, method) =>
    inHandler(backend, method, ({ registration }) => registration.close()),
  'inside a handler that removed a later one'(backend, method) {
    let outcome = 'the handler was not called';
    const subject = fresh(backend, (inside) => {
      inside.registration.close();
      outcome = outcomeOf(method, inside);
    });
    send(subject.peerFd, 'x');
    addLaterOne(subject);
    subject.reactor.turn(0);
    return end(subject, outcome);
  },
  'inside a handler that closed the reactor': (backend, method) =>
    inHandler(backend, method, ({ reactor }) => reactor.close()),
  'descriptor closed behind us'(backend, method) {
    const subject = fresh(backend);
    descriptors.close(subject.fd);
    return end(subject, outcomeOf(method, subject));
  },
  'number reused'(backend, method) {
    const subject = fresh(backend);
    descriptors.close(subject.fd);
    expect(descriptors.dup(descriptors.pipe()[0])).toBeGreaterThan(0);
    return end(subject, outcomeOf(method, subject));
  },
};

const closedRegistration: Outcomes = {
  'reactor.registrationOf': 'ok',
  'registration.setInterest': 'ERR_CLOSED',
  'registration.setInterest(same)': 'ERR_CLOSED',
  'registration.setTrigger': 'ERR_CLOSED',
  'registration.rearm': 'ERR_CLOSED',
  'registration.requeue': 'ERR_CLOSED',
  'registration.isClosed': 'true',
};

const closedReactor: Outcomes = {
  ...closedRegistration,
  'reactor.register': 'ERR_CLOSED',
  'reactor.register(its fd)': 'ERR_CLOSED',
  'reactor.setTimeout': 'ERR_CLOSED',
  'reactor.setInterval': 'ERR_CLOSED',
  'reactor.defer': 'ERR_CLOSED',
  'reactor.onSignal': 'ERR_CLOSED',
  'reactor.createWaker': 'ERR_CLOSED',
  'reactor.turn': 'ERR_CLOSED',
  'reactor.attach': 'ERR_CLOSED',
  'reactor.run': 'ERR_CLOSED',
  'reactor.isClosed': 'true',
  'timer.isPending': 'false',
  'waker.wake': 'false',
};

/** What changes of a registered descriptor answer, when the number stands for nothing we know. */
function vanished(code: string): Outcomes {
  return {
    'registration.setInterest': code,
    'registration.setTrigger': code,
    'registration.rearm': code,
    'poller.modify': code,
    'poller.remove': code,
  };
}

const FRESH: Outcomes = {
  'reactor.register(its fd)': 'EEXIST',
  'reactor.registrationOf': 'false',
  'reactor.hasRef': 'true',
  'reactor.isClosed': 'false',
  'registration.charge': 'false', // outside a dispatch there is no budget
  'registration.hasRef': 'true',
  'registration.isClosed': 'false',
  'poller.add(its fd)': 'EEXIST',
  'poller.isClosed': 'false',
  'timer.hasRef': 'true',
  'timer.isPending': 'true',
  'waker.wake': 'true',
  'waker.hasRef': 'true',
};

const INSIDE: Outcomes = { ...FRESH, 'registration.charge': 'true' };

const EXPECTED: Readonly<Record<string, Outcomes>> = {
  fresh: FRESH,
  closed: {
    ...FRESH,
    ...closedReactor,
    'poller.add': 'ERR_CLOSED',
    'poller.add(its fd)': 'ERR_CLOSED',
    'poller.modify': 'ERR_CLOSED',
    'poller.remove': 'ERR_CLOSED',
    'poller.wait': 'ERR_CLOSED',
    'poller.notify': 'ERR_CLOSED',
    'poller.isClosed': 'true',
  },
  'inside a handler': INSIDE,
  'inside a handler that removed itself': {
    ...INSIDE,
    ...closedRegistration,
    'reactor.register(its fd)': 'ok',
  },
  'inside a handler that removed a later one': {
    ...INSIDE,
    ...closedRegistration,
    'reactor.register(its fd)': 'ok',
    'poller.add(its fd)': 'ok',
    'poller.modify': 'ENOENT',
    'poller.remove': 'ENOENT',
  },
  'inside a handler that closed the reactor': { ...INSIDE, ...closedReactor },
  'descriptor closed behind us': {
    ...FRESH,
    ...vanished('EBADF'),
    'reactor.register(its fd)': 'EBADF',
    'poller.add(its fd)': 'EBADF',
  },
  'number reused': {
    ...FRESH,
    ...vanished('ENOENT'),
    'reactor.register(its fd)': 'ok',
    'poller.add(its fd)': 'ok',
  },
};

function expectedOf(state: string): Outcomes {
  const all = Object.keys(METHODS).map((method) => [method, EXPECTED[state]?.[method] ?? 'ok']);
  return Object.fromEntries(all);
}

eachBackend((backend) => {
  it.each(Object.keys(STATES))('%s', (state) => {
    const call = STATES[state] as (backend: Backend, method: string) => string;
    const outcomes = Object.keys(METHODS).map((method) => {
      const outcome = call(backend, method);
      descriptors.closeAll();
      return [method, outcome];
    });
    expect(Object.fromEntries(outcomes)).toEqual(expectedOf(state));
  });

  it('in a worker', async () => {
    const [fd] = descriptors.socketpair();
    const [spareFd] = descriptors.socketpair();
    const script = new URL('../workers/integrity.mjs', import.meta.url);
    const worker = new Worker(script, { workerData: { backend, fd, spareFd } });
    const exit = once(worker, 'exit'); // it may come in the same tick as the last message
    const [outcomes] = await once(worker, 'message');
    expect(outcomes).toEqual(expectedOf('fresh'));
    expect(await exit).toEqual([0]);
  });

  it('after terminate', async () => {
    const { fd } = descriptors.listener();
    const workerData = { backend, driver: 'inverted', state: 'idle' };
    const script = new URL('../workers/terminated.mjs', import.meta.url);
    const worker = new Worker(script, { workerData });
    const [id] = await once(worker, 'message');
    const waker = new Waker(id);
    expect(waker.wake()).toBe(true);
    await worker.terminate();
    expect([waker.wake(), waker.wake()]).toEqual([false, false]);
    const reactor = descriptors.using(new Reactor({ backend }));
    reactor.register(fd, Readable, new Recorder());
    expect(reactor.turn(0)).toBe(0);
  });
});
