// Exclusive wake-ups (EPOLLEXCLUSIVE): several threads accept from one listener.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { Interest } from '../../../src/poller/interest.ts';
import { Poller } from '../../../src/poller/poller.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import { Waker } from '../../../src/reactor/waker.ts';
import * as sys from '../../../src/sys/index.ts';
import { must, useDescriptors } from '../../helpers/descriptors.ts';
import { Recorder, send, turnIdly } from '../../helpers/handlers.ts';
import { eachBackend, isEdge } from '../../helpers/matrix.ts';

const descriptors = useDescriptors();
const THREADS = 4;
const CONNECTIONS = 2500;

const canExclude = Poller.capabilitiesOf(Poller.preferredBackend).exclusive;
const triggers = ['level', 'edge'] as const;

it.each(triggers)('four threads accept each connection once, %s', async (trigger) => {
  const listener = descriptors.listener();
  const counts = new Int32Array(new SharedArrayBuffer(4 * (THREADS + 1)));
  const script = new URL('../../workers/accepting.mjs', import.meta.url);
  const threads = Array.from({ length: THREADS }, (_, index) => {
    const workerData = { fd: listener.fd, index, counts, trigger, exclusive: canExclude };
    return new Worker(script, { workerData });
  });
  const ids = await Promise.all(threads.map((thread) => once(thread, 'message')));
  const served = new Int32Array(THREADS);
  const greeting = Buffer.alloc(1);
  for (let i = 0; i < CONNECTIONS; i++) {
    const client = sys.socket(sys.constants.AF_INET, sys.constants.SOCK_STREAM);
    must(sys.connect(client, listener.address));
    expect(must(sys.read(client, greeting))).toBe(1); // blocking: it was accepted, by that thread
    served[greeting[0] as number] = (served[greeting[0] as number] as number) + 1;
    must(sys.close(client));
  }
  const exits = threads.map((thread) => once(thread, 'exit'));
  for (const [id] of ids) expect(new Waker(id as number).wake()).toBe(true);
  expect((await Promise.all(exits)).map(([code]) => code)).toEqual([0, 0, 0, 0]);
  expect([...counts.subarray(0, THREADS)]).toEqual([...served]);
  expect(served.reduce((sum, count) => sum + count)).toBe(CONNECTIONS);
});

eachBackend((backend) => {
  const { exclusive, triggers: have } = Poller.capabilitiesOf(backend);

  it('takes exclusive registrations as the kernel does, and can change them', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const { fd } = descriptors.listener();
    const register = (interest: number, trigger: (typeof have)[number]) =>
      reactor.register(fd, interest, new Recorder(), { trigger, exclusive: true });
    for (const trigger of have) {
      const canBe = exclusive && (trigger === 'level' || trigger === 'edge');
      if (canBe) {
        const registration = register(Interest.Readable, trigger);
        registration.rearm(); // removed and added: the kernel modifies no exclusive entry
        registration.setTrigger(isEdge(trigger) ? 'level' : 'edge');
        registration.setInterest(Interest.Readable | Interest.Writable);
        registration.close();
        register(Interest.None, trigger).close();
      } else {
        const code = exclusive ? 'EINVAL' : 'ENOTSUP';
        const refused = expect.objectContaining({ code });
        expect(() => register(Interest.Readable, trigger)).toThrow(refused);
      }
      const code = exclusive ? 'EINVAL' : 'ENOTSUP';
      const refused = expect.objectContaining({ code });
      expect(() => register(Interest.Readable | Interest.Priority, trigger)).toThrow(refused);
      expect(() => register(Interest.ReadClosed, trigger)).toThrow(refused);
      if (!canBe) expect(() => register(Interest.None, trigger)).toThrow(refused);
    }
    expect(reactor.registrationCount).toBe(0);
  });

  it('does not take the file that has the number now for the one that was registered', () => {
    if (!exclusive) return;
    const reactor = descriptors.using(new Reactor({ backend }));
    const [gone, peer] = descriptors.socketpair();
    const recorder = new Recorder();
    const registration = reactor.register(gone, Interest.Readable, recorder, { exclusive });
    descriptors.close(gone);
    expect(() => registration.rearm()).toThrow(expect.objectContaining({ code: 'EBADF' }));
    const [ours, theirs] = descriptors.socketpair();
    expect(ours).toBe(gone);
    const vanished = expect.objectContaining({ code: 'ENOENT' });
    expect(() => registration.rearm()).toThrow(vanished);
    expect(() => registration.setTrigger('edge')).toThrow(vanished);
    expect(registration.trigger).toBe('level');
    send(theirs, 'not for us');
    turnIdly(reactor);
    expect(recorder.count).toBe(0);
    descriptors.close(peer);
  });

  it('starts paused, and is called once for a hang-up', () => {
    if (!exclusive) return;
    const reactor = descriptors.using(new Reactor({ backend }));
    for (const trigger of ['level', 'edge'] as const) {
      const [ours, theirs] = descriptors.socketpair();
      const recorder = new Recorder();
      const registration = reactor.register(ours, Interest.None, recorder, { exclusive, trigger });
      send(theirs, 'x');
      turnIdly(reactor);
      expect(recorder.count).toBe(0);
      registration.setInterest(Interest.Readable);
      reactor.turn(0);
      expect(recorder.readiness).toEqual(['Readable']);
      registration.setInterest(Interest.None);
      descriptors.close(theirs);
      turnIdly(reactor);
      expect(recorder.readiness).toEqual(['Readable', 'ReadClosed|WriteClosed']);
      registration.close();
    }
  });

  it('is paused and resumed', () => {
    if (!exclusive) return;
    const reactor = descriptors.using(new Reactor({ backend }));
    const [ours, theirs] = descriptors.socketpair();
    const recorder = new Recorder();
    const registration = reactor.register(ours, Interest.Readable, recorder, { exclusive });
    send(theirs, 'x');
    registration.setInterest(Interest.None);
    registration.setInterest(Interest.None);
    turnIdly(reactor);
    expect(recorder.count).toBe(0);
    registration.setInterest(Interest.Readable);
    reactor.turn(0);
    expect(recorder.count).toBe(1);
  });
});
