// A registration by itself: its arguments, what it counts, what it prints.
import { openSync } from 'node:fs';
import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { Interest, Readiness } from '../../src/poller/interest.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import * as sys from '../../src/sys/index.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { Recorder, send, turnIdly } from '../helpers/handlers.ts';
import { eachTrigger } from '../helpers/matrix.ts';

const { F_GETFD } = sys.constants;
const descriptors = useDescriptors();
const coded = (code: string) => expect.objectContaining({ code });

eachTrigger((backend, trigger) => {
  const make = () => descriptors.using(new Reactor({ backend }));

  it('keeps what it was given', () => {
    const reactor = make();
    const [fd] = descriptors.socketpair();
    const data = { name: 'mine' };
    const registration = reactor.register(fd, Interest.Readable, new Recorder(), { trigger, data });
    expect(registration).toMatchObject({ fd, data, trigger, interest: Interest.Readable });
    expect(inspect(registration)).toBe(
      `Registration { fd: ${fd}, interest: Readable, trigger: ${trigger} }`,
    );
    registration.setInterest(Interest.None);
    expect(inspect(registration)).toContain('interest: None');
    registration.close();
    expect(inspect(registration)).toMatch(/, closed \}$/);
    expect(registration.data).toBe(data);
  });

  it('closes the descriptor with itself, once', () => {
    const reactor = make();
    const [fd, peer] = descriptors.socketpair();
    const registration = reactor.register(fd, Interest.Readable, new Recorder(), { trigger });
    descriptors.release(fd);
    expect(registration.closeDescriptor()).toBe(0);
    expect(registration.isClosed).toBe(true);
    const another = descriptors.dup(peer);
    expect(another).toBe(fd);
    expect(registration.closeDescriptor()).toBe(0);
    registration.close();
    expect(sys.fcntl(another, F_GETFD)).toBeGreaterThanOrEqual(0);
    expect(reactor.registrationCount).toBe(0);
  });

  it('leaves a descriptor alone whose number another registration has by now', () => {
    const reactor = make();
    const [fd, peer] = descriptors.socketpair();
    const registration = reactor.register(fd, Interest.Readable, new Recorder(), { trigger });
    descriptors.close(fd); // behind its back
    const next = descriptors.dup(peer);
    expect(next).toBe(fd);
    const recorder = new Recorder();
    reactor.register(next, Interest.Writable, recorder, { trigger });
    expect(registration.isClosed).toBe(true);
    expect(registration.closeDescriptor()).toBe(0);
    reactor.turn(2000);
    expect([recorder.count, reactor.registrationCount]).toEqual([1, 1]);
  });

  it('takes out of the kernel what it closes, while a duplicate keeps it open', () => {
    const reactor = make();
    const [fd, peer] = descriptors.socketpair();
    const recorder = new Recorder();
    const registration = reactor.register(fd, Interest.Readable, recorder, { trigger });
    descriptors.dup(fd);
    descriptors.release(fd);
    expect(registration.closeDescriptor()).toBe(0);
    send(peer, 'x');
    turnIdly(reactor);
    expect([recorder.count, reactor.stats.ghostsRemoved]).toEqual([0, 0]);
  });

  it('stays as it was when a change is refused', () => {
    const reactor = make();
    const [fd] = descriptors.socketpair();
    const registration = reactor.register(fd, Interest.Readable, new Recorder(), { trigger });
    for (const interest of [-1, 16, 1.5, Number.NaN]) {
      expect(() => registration.setInterest(interest)).toThrow(coded('ERR_OUT_OF_RANGE'));
    }
    expect(() => registration.setTrigger('never' as 'level')).toThrow(
      coded('ERR_INVALID_ARG_VALUE'),
    );
    descriptors.close(fd);
    expect(() => registration.setInterest(Interest.Writable)).toThrow(coded('EBADF'));
    expect(registration).toMatchObject({ trigger, interest: Interest.Readable });
  });

  it('is re-queued with the readiness that is given, as far as it is asked for', () => {
    const reactor = make();
    const [fd] = descriptors.socketpair();
    const recorder = new Recorder();
    const registration = reactor.register(fd, Interest.Readable, recorder, { trigger });
    registration.requeue();
    registration.requeue(Readiness.ReadClosed);
    registration.requeue(Readiness.Writable);
    registration.requeue(0);
    turnIdly(reactor);
    expect(recorder.readiness).toEqual(['Readable|ReadClosed']);
    for (const readiness of [-1, 64, 1.5, Number.NaN, '1' as unknown as number]) {
      expect(() => registration.requeue(readiness)).toThrow(coded('ERR_OUT_OF_RANGE'));
    }
    registration.requeue();
    registration.setInterest(Interest.None);
    turnIdly(reactor);
    expect(recorder.count).toBe(1);
    registration.requeue(Readiness.Error);
    registration.close();
    turnIdly(reactor);
    expect(recorder.count).toBe(1);
    expect(reactor.stats.requeued).toBe(1);
  });

  it('charges bytes and operations of one dispatch', () => {
    const budget = { bytes: 100, operations: 3 };
    const reactor = descriptors.using(new Reactor({ backend, budget }));
    const answers: boolean[][] = [];
    const charges = [[50, 49, 1], [100], [0, 0, 0], [1e9], [99]];
    const recorder = new Recorder((_readiness, registration) => {
      const each = charges[recorder.count - 1] ?? [];
      answers.push(each.map((bytes) => registration.charge(bytes)));
      for (const wrong of [-1, Number.NaN]) {
        expect(() => registration.charge(wrong)).toThrow(coded('ERR_OUT_OF_RANGE'));
      }
      registration.setInterest(Interest.Readable);
      registration.rearm();
    });
    const [ours, theirs] = descriptors.socketpair();
    reactor.register(ours, Interest.Readable, recorder, { trigger });
    send(theirs, 'x');
    for (let i = 0; i < 20 && recorder.count < 5; i++) reactor.turn(0);
    expect(answers).toEqual([[true, true, false], [false], [true, true, false], [false], [true]]);
  });

  it('is counted while it is referenced and open', async () => {
    const reactor = make();
    const [first, second] = [0, 1].map(() =>
      reactor.register(descriptors.socketpair()[0], Interest.Readable, new Recorder(), { trigger }),
    ) as [ReturnType<typeof reactor.register>, ReturnType<typeof reactor.register>];
    expect([first.hasRef(), first.unref().unref().hasRef()]).toEqual([true, false]);
    let isOver = false;
    const running = reactor.run().then(() => {
      isOver = true;
    });
    first.ref().unref();
    await Promise.resolve();
    expect(isOver).toBe(false);
    second.close();
    second.unref().ref(); // closed: counts no more
    await running;
    first.ref();
    expect(first.hasRef()).toBe(true);
  });
});

it('an exclusive registration pauses, goes on, and survives what is refused', () => {
  const reactor = descriptors.using(new Reactor({ backend: 'epoll' }));
  const [reader, writer] = descriptors.socketpair();
  const handler = new Recorder();
  const registration = reactor.register(reader, Interest.Readable, handler, { exclusive: true });
  send(writer, 'x');
  expect(() => registration.setInterest(99)).toThrow(coded('ERR_OUT_OF_RANGE'));
  expect(reactor.turn(0)).toBe(1); // at once: the next refusal puts it back as well
  expect(() => registration.setTrigger('oneshot')).toThrow(coded('EINVAL'));
  expect(reactor.turn(0)).toBe(1);
  registration.setInterest(Interest.None);
  expect(reactor.turn(0)).toBe(0);
  registration.setInterest(Interest.Readable);
  expect(reactor.turn(0)).toBe(1);
});

it('a file that cannot be waited for is refused with what to use in its place', () => {
  const reactor = descriptors.using(new Reactor());
  const fd = descriptors.trackFile(openSync(process.execPath, 'r'));
  expect(() => reactor.register(fd, Interest.Readable, new Recorder())).toThrow(
    expect.objectContaining({ code: 'EPERM', fd, message: expect.stringContaining('node:fs') }),
  );
});
