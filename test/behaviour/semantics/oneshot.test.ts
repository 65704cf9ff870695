// docs/semantics.md "Oneshot and edge-oneshot".
import { expect, it } from 'vitest';
import { Interest } from '../../../src/poller/interest.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import { useDescriptors } from '../../helpers/descriptors.ts';
import { Recorder, send, turnIdly } from '../../helpers/handlers.ts';
import { eachTrigger, isOneshot } from '../../helpers/matrix.ts';

const descriptors = useDescriptors();

eachTrigger((backend, trigger) => {
  const other = trigger === 'oneshot' ? 'level' : 'edge';

  it('Oneshot reports once and is silent until it is re-armed.', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const [ours, theirs] = descriptors.socketpair();
    const recorder = new Recorder();
    const registration = reactor.register(ours, Interest.Readable, recorder, { trigger });
    for (const rearm of [
      () => registration.rearm(),
      () => registration.setInterest(Interest.Readable), // the same: it re-arms
      () => registration.setTrigger(trigger), // and so does this
      () => registration.setInterest(Interest.Readable | Interest.Priority),
      () => {
        registration.setTrigger(other);
        registration.setTrigger(trigger);
      },
      () => undefined,
    ]) {
      const { count } = recorder;
      for (let i = 0; i < 3; i++) {
        send(theirs, 'x');
        turnIdly(reactor, 2);
      }
      expect(recorder.count).toBe(count + 1);
      rearm();
    }
  });

  it('Re-arming a oneshot reports what is still ready.', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const [ours, theirs] = descriptors.socketpair();
    const recorder = new Recorder();
    const registration = reactor.register(ours, Interest.Readable, recorder, { trigger });
    send(theirs, 'x');
    turnIdly(reactor);
    for (let i = 2; i < 6; i++) {
      registration.rearm();
      turnIdly(reactor);
      expect(recorder.readiness).toEqual(Array(i).fill('Readable'));
    }
  });

  it('A oneshot that has fired reports no hang-up either.', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const [ours, theirs] = descriptors.socketpair();
    const recorder = new Recorder();
    const registration = reactor.register(ours, Interest.Readable, recorder, { trigger });
    send(theirs, 'x');
    turnIdly(reactor);
    descriptors.close(theirs);
    turnIdly(reactor);
    expect(recorder.readiness).toEqual(['Readable']);
    registration.rearm();
    turnIdly(reactor);
    expect(recorder.count).toBe(2);
  });

  it('a oneshot may be re-armed inside its handler', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const [ours] = descriptors.socketpair();
    const recorder = new Recorder((_readiness, registration) => registration.rearm());
    reactor.register(ours, Interest.Writable, recorder, { trigger });
    for (let i = 0; i < 5; i++) reactor.turn(0);
    expect(recorder.count).toBe(5);
  });
}, isOneshot);
