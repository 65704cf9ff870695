// Every public method of the stateful classes, called once with good arguments. Plain JavaScript,
// so that test/behaviour/integrity.test.ts and a worker (on the built package) call the very same.

export const METHODS = {
  'reactor.register': ({ reactor, spareFd, handler }) => reactor.register(spareFd, 1, handler),
  'reactor.register(its fd)': ({ reactor, fd, handler }) => reactor.register(fd, 1, handler),
  'reactor.registrationOf': ({ reactor, fd }) => reactor.registrationOf(fd)?.isClosed,
  'reactor.setTimeout': ({ reactor }) => reactor.setTimeout(() => undefined, 1e6),
  'reactor.setInterval': ({ reactor }) => reactor.setInterval(() => undefined, 1e6),
  'reactor.defer': ({ reactor }) => reactor.defer(() => undefined),
  'reactor.onSignal': ({ reactor }) => reactor.onSignal('SIGWINCH', () => undefined),
  'reactor.createWaker': ({ reactor }) => reactor.createWaker(() => undefined),
  'reactor.turn': ({ reactor }) => reactor.turn(0),
  'reactor.attach': ({ reactor }) => reactor.attach(),
  'reactor.detach': ({ reactor }) => reactor.detach(),
  'reactor.run': ({ reactor }) => reactor.run(),
  'reactor.stop': ({ reactor }) => reactor.stop(),
  'reactor.ref': ({ reactor }) => reactor.ref(),
  'reactor.unref': ({ reactor }) => reactor.unref(),
  'reactor.hasRef': ({ reactor }) => reactor.hasRef(),
  'reactor.close': ({ reactor }) => reactor.close(),
  'reactor[Symbol.dispose]': ({ reactor }) => reactor[Symbol.dispose](),
  'reactor.stats': ({ reactor }) => reactor.stats,
  'reactor.isClosed': ({ reactor }) => reactor.isClosed,
  'reactor.properties': ({ reactor }) => [
    reactor.backend,
    reactor.capabilities,
    reactor.driverMode,
    reactor.registrationCount,
  ],
  'registration.setInterest': ({ registration }) => registration.setInterest(3),
  'registration.setInterest(same)': ({ registration }) => registration.setInterest(1),
  'registration.setTrigger': ({ registration }) => registration.setTrigger('oneshot'),
  'registration.rearm': ({ registration }) => registration.rearm(),
  'registration.charge': ({ registration }) => registration.charge(1),
  'registration.requeue': ({ registration }) => registration.requeue(),
  'registration.ref': ({ registration }) => registration.ref(),
  'registration.unref': ({ registration }) => registration.unref(),
  'registration.hasRef': ({ registration }) => registration.hasRef(),
  'registration.isClosed': ({ registration }) => registration.isClosed,
  'registration.close': ({ registration }) => registration.close(),
  'registration[Symbol.dispose]': ({ registration }) => registration[Symbol.dispose](),
  'registration.properties': ({ registration }) => [
    registration.fd,
    registration.data,
    registration.interest,
    registration.trigger,
  ],
  'poller.add': ({ poller, spareFd }) => poller.add(spareFd, 2, 1),
  'poller.add(its fd)': ({ poller, fd }) => poller.add(fd, 2, 1),
  'poller.modify': ({ poller, fd }) => poller.modify(fd, 3, 1),
  'poller.remove': ({ poller, fd }) => poller.remove(fd),
  'poller.wait': ({ poller }) => poller.wait(0),
  'poller.notify': ({ poller }) => poller.notify(),
  'poller.close': ({ poller }) => poller.close(),
  'poller[Symbol.dispose]': ({ poller }) => poller[Symbol.dispose](),
  'poller.isClosed': ({ poller }) => poller.isClosed,
  'poller.events': ({ poller }) => [
    poller.events.token(0),
    poller.events.readiness(0),
    poller.events.detail(0),
  ],
  'timer.clear': ({ timer }) => timer.clear(),
  'timer[Symbol.dispose]': ({ timer }) => timer[Symbol.dispose](),
  'timer.refresh': ({ timer }) => timer.refresh(),
  'timer.ref': ({ timer }) => timer.ref(),
  'timer.unref': ({ timer }) => timer.unref(),
  'timer.hasRef': ({ timer }) => timer.hasRef(),
  'timer.isPending': ({ timer }) => timer.isPending,
  'waker.wake': ({ waker }) => waker.wake(),
  'waker.ref': ({ waker }) => waker.ref(),
  'waker.unref': ({ waker }) => waker.unref(),
  'waker.hasRef': ({ waker }) => waker.hasRef(),
  'waker.close': ({ waker }) => waker.close(),
  'waker[Symbol.dispose]': ({ waker }) => waker[Symbol.dispose](),
};

/** @returns the code of what was thrown; of a result, the boolean as text, or 'ok'. */
export function outcomeOf(method, subject) {
  try {
    const result = METHODS[method](subject);
    return typeof result === 'boolean' ? `${result}` : 'ok';
  } catch (error) {
    return error.code ?? `${error}`;
  }
}
