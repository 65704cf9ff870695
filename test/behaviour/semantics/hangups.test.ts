// docs/semantics.md "Pausing, and hang-ups that no handler takes".
import { expect, it } from 'vitest';
import { Interest, Readiness } from '../../../src/poller/interest.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import type { Registration } from '../../../src/reactor/registration.ts';
import * as sys from '../../../src/sys/index.ts';
import { must, reset, takeSocketError, useDescriptors } from '../../helpers/descriptors.ts';
import { drain, fill, Recorder, send, turnIdly, turnUntil } from '../../helpers/handlers.ts';
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

  it('A handler that pauses itself is called at most once more for a hang-up, however often it does.', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    for (const pause of [
      (registration: Registration) => registration.setInterest(Interest.None),
      (registration: Registration) => {
        registration.setInterest(Interest.None);
        registration.setTrigger(registration.trigger);
      },
    ]) {
      const [ours, theirs] = descriptors.socketpair();
      const recorder = new Recorder((_readiness, registration) => pause(registration));
      reactor.register(ours, Interest.Readable, recorder, { trigger });
      descriptors.close(theirs);
      turnIdly(reactor, 20);
      expect(recorder.count).toBe(1 + onceOrNever);
      expect(countEvents(reactor)).toBe(0);
    }
  });

  it('With ReadClosed alone a registration is called for the end of what the peer sends, and for no data.', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const [ours, theirs] = descriptors.tcpPair();
    const recorder = new Recorder((_readiness, registration) =>
      registration.setInterest(Interest.None),
    );
    const register = () => reactor.register(ours, Interest.ReadClosed, recorder, { trigger });
    if ((reactor.capabilities.interests & Interest.ReadClosed) === 0) {
      expect(register).toThrow(expect.objectContaining({ code: 'ENOTSUP' }));
      return;
    }
    const registration = register();
    send(theirs, 'x');
    expect(countEvents(reactor)).toBe(0);
    registration.requeue(); // there is nothing that it could be asked for
    turnIdly(reactor);
    expect(recorder.count).toBe(0);
    descriptors.close(theirs);
    turnUntil(reactor, () => recorder.count > 0);
    expect(recorder.readiness).toEqual(['ReadClosed']);
    expect(countEvents(reactor)).toBe(0);
    expect(drain(ours)).toEqual({ text: 'x', end: 'end' });
  });

  it('Without it, a registration that does not read is not called for that end.', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    for (const interest of [Interest.None, Interest.Writable]) {
      const [ours, theirs] = descriptors.tcpPair();
      fill(ours);
      const recorder = new Recorder();
      reactor.register(ours, interest, recorder, { trigger });
      must(sys.shutdown(theirs, sys.constants.SHUT_WR));
      expect(countEvents(reactor)).toBe(0);
      expect(recorder.count).toBe(0);
    }
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
