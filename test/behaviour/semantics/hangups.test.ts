// docs/semantics.md "Pausing, and hang-ups that no handler takes".
import { expect, it } from 'vitest';
import { Interest, Readiness } from '../../../src/poller/interest.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import { reset, takeSocketError, useDescriptors } from '../../helpers/descriptors.ts';
import { Recorder, send, turnIdly } from '../../helpers/handlers.ts';
import { eachTrigger, reportsClosedBits } from '../../helpers/matrix.ts';

const descriptors = useDescriptors();
const QUIET_MS = 30;

/** What a wait of some length finds to do: nothing, when nothing spins. */
function countEvents(reactor: Reactor): number {
  const { waits, events } = reactor.stats;
  reactor.turn(QUIET_MS);
  reactor.turn(QUIET_MS);
  expect(reactor.stats.waits - waits).toBe(2);
  return reactor.stats.events - events;
}

eachTrigger((backend, trigger) => {
  const onceOrNever = reportsClosedBits(backend) ? 1 : 0;

  it('A registration with no interest is called once for a hang-up or an error.', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const [ours, theirs] = descriptors.tcpPair();
    const recorder = new Recorder();
    const registration = reactor.register(ours, Interest.Readable, recorder, { trigger });
    registration.setInterest(Interest.None);
    reset(descriptors, theirs);
    turnIdly(reactor, 20);
    expect(recorder.count).toBe(onceOrNever);
    if (onceOrNever) expect(recorder.seen & Readiness.Error).toBe(Readiness.Error);
    expect(recorder.seen & (Readiness.Readable | Readiness.Writable)).toBe(0);
    expect(countEvents(reactor)).toBe(0);
    expect(reactor.stats.emptyWakes).toBe(0);
    expect(takeSocketError(ours)).toBe('ECONNRESET');
  });

  it('A paused registration is not called for data that arrives.', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const [ours, theirs] = descriptors.socketpair();
    const recorder = new Recorder((_readiness, registration) =>
      registration.setInterest(Interest.None),
    );
    const registration = reactor.register(ours, Interest.Readable, recorder, { trigger });
    send(theirs, 'x');
    turnIdly(reactor);
    expect(recorder.count).toBe(1);
    send(theirs, 'y');
    expect(countEvents(reactor)).toBe(0);
    registration.setInterest(Interest.Readable);
    turnIdly(reactor);
    expect(recorder.readiness).toEqual(['Readable', 'Readable']);
  });

  it('a hang-up with data still queued does not end the reading', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const [ours, theirs] = descriptors.socketpair();
    const recorder = new Recorder();
    const registration = reactor.register(ours, Interest.None, recorder, { trigger });
    send(theirs, 'queued');
    descriptors.close(theirs);
    turnIdly(reactor);
    expect(recorder.count).toBe(onceOrNever);
    registration.setInterest(Interest.Readable);
    turnIdly(reactor, 1);
    expect(recorder.readiness.at(-1)).toMatch(/^Readable/);
  });
});
