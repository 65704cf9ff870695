// docs/semantics.md "The owner of a descriptor" and "Errors".
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Interest } from '../../../src/poller/interest.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import * as sys from '../../../src/sys/index.ts';
import { useDescriptors } from '../../helpers/descriptors.ts';
import { drain, Recorder, send, turnIdly } from '../../helpers/handlers.ts';
import { eachTrigger, keepsInterestInKernel } from '../../helpers/matrix.ts';

const descriptors = useDescriptors();
const { Readable, Writable } = Interest;
const coded = (code: string) => expect.objectContaining({ code });

eachTrigger((backend, trigger) => {
  const ghosts = keepsInterestInKernel(backend) ? 1 : 0;

  it('A descriptor that was closed without removing it leaves its number free for a new registration.', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const [old, fresh] = [new Recorder(), new Recorder((_readiness, { fd }) => void drain(fd))];
    const [gone, peer] = descriptors.socketpair();
    const before = reactor.register(gone, Readable, old, { trigger });
    descriptors.close(gone, peer);
    const [ours, theirs] = descriptors.socketpair();
    expect(ours).toBe(gone);
    const after = reactor.register(ours, Readable, fresh, { trigger });
    expect([before.isClosed, after.isClosed, reactor.registrationCount]).toEqual([true, false, 1]);
    expect(reactor.registrationOf(ours)).toBe(after);
    send(theirs, 'x');
    turnIdly(reactor);
    expect([old.count, fresh.count]).toEqual([0, 1]);
    before.close();
    after.rearm();
    send(theirs, 'y');
    turnIdly(reactor);
    expect([old.count, fresh.count]).toEqual([0, 2]);
    expect(() => before.setInterest(Writable)).toThrow(coded('ERR_CLOSED'));
  });

  it('an old registration does nothing to the file that has its number now', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const [gone, peer] = descriptors.socketpair();
    const before = reactor.register(gone, Readable, new Recorder(), { trigger });
    descriptors.close(gone, peer);
    const vanished = expect.objectContaining({ code: expect.stringMatching(/^(EBADF|ENOENT)$/) });
    expect(() => before.setInterest(Writable)).toThrow(vanished);
    const [ours] = descriptors.socketpair();
    expect(ours).toBe(gone);
    expect(() => before.rearm()).toThrow(coded('ENOENT'));
    expect(before.interest).toBe(Readable);
    before.close();
    expect(reactor.registrationCount).toBe(0);
    reactor.register(ours, Readable, new Recorder(), { trigger });
  });

  it('A description that a duplicate keeps alive is removed when it shows.', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const [gone, theirs] = descriptors.socketpair();
    const recorder = new Recorder();
    const registration = reactor.register(gone, Readable, recorder, { trigger });
    const [other, otherPeer] = descriptors.socketpair();
    const beside = new Recorder((_readiness, { fd }) => void drain(fd), true);
    reactor.register(other, Readable, beside, { trigger });
    descriptors.dup(gone);
    descriptors.close(gone); // the wrong order: now no number is left to remove it by
    registration.close();
    send(theirs, 'x');
    turnIdly(reactor, 10);
    expect(recorder.count).toBe(0);
    expect(reactor.stats.ghostsRemoved).toBe(ghosts);
    const { emptyWakes, events } = reactor.stats;
    send(theirs, 'y');
    reactor.turn(30);
    expect(reactor.stats).toMatchObject({ ghostsRemoved: ghosts, emptyWakes, events });
    send(otherPeer, 'z'); // those that live on are still heard
    turnIdly(reactor);
    expect(beside.count).toBe(1);
    reactor.register(descriptors.socketpair()[0], Writable, recorder, { trigger });
    turnIdly(reactor, 1);
    expect(recorder.count).toBe(1);
  });

  it('a ghost is removed while its number is registered anew', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const [gone, theirs] = descriptors.socketpair();
    reactor.register(gone, Readable, new Recorder(), { trigger });
    descriptors.dup(gone);
    descriptors.close(gone);
    const [ours, peer] = descriptors.socketpair();
    expect(ours).toBe(gone);
    const recorder = new Recorder((_readiness, { fd }) => void drain(fd), true);
    reactor.register(ours, Readable, recorder, { trigger });
    send(theirs, 'x');
    turnIdly(reactor, 10);
    expect(recorder.count).toBe(0);
    expect(reactor.stats.ghostsRemoved).toBe(ghosts);
    send(peer, 'y');
    turnIdly(reactor);
    expect(recorder.count).toBe(1);
  });

  it('a ghost does not reach the registration that has its slot now', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const [gone, theirs] = descriptors.socketpair();
    const old = reactor.register(gone, Readable, new Recorder(), { trigger });
    descriptors.dup(gone);
    descriptors.close(gone);
    old.close();
    const recorder = new Recorder();
    const [ours] = descriptors.socketpair();
    const fresh = reactor.register(ours, Readable, recorder, { trigger });
    expect(fresh.slot).toBe(old.slot);
    send(theirs, 'x');
    turnIdly(reactor, 10);
    expect(recorder.count).toBe(0);
    expect(reactor.stats).toMatchObject({ ghostsRemoved: ghosts, staleDropped: 0, events: 0 });
  });

  it('a child that has inherited the descriptor keeps no ghost either', async () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const [gone, theirs] = descriptors.socketpair();
    const registration = reactor.register(gone, Readable, new Recorder(), { trigger });
    const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore', gone] });
    await once(child, 'spawn');
    descriptors.close(gone);
    registration.close();
    send(theirs, 'x');
    turnIdly(reactor, 10);
    expect(reactor.stats).toMatchObject({ ghostsRemoved: ghosts, events: 0 });
    child.stdin?.end();
    await once(child, 'close');
  });

  it('Two numbers of one description are two registrations, and both get the events.', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const [ours, theirs] = descriptors.socketpair();
    const [first, second] = [new Recorder(), new Recorder()];
    const registration = reactor.register(ours, Readable, first, { trigger });
    reactor.register(descriptors.dup(ours), Readable, second, { trigger });
    send(theirs, 'x');
    reactor.turn(0);
    expect([first.count, second.count]).toEqual([1, 1]);
    registration.close();
    descriptors.close(ours);
    send(theirs, 'y');
    turnIdly(reactor, 1);
    expect(first.count).toBe(1);
    expect(reactor.stats).toMatchObject({ ghostsRemoved: 0, staleDropped: 0 });
  });

  it('A regular file is refused with EPERM.', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const fd = openSync(new URL(import.meta.url), 'r');
    try {
      expect(() => reactor.register(fd, Readable, new Recorder(), { trigger })).toThrow(
        expect.objectContaining({ code: 'EPERM', syscall: 'register', fd }),
      );
      expect(reactor.registrationCount).toBe(0);
    } finally {
      closeSync(fd);
    }
  });

  it('Adding twice is EEXIST, modifying or removing what is not there is ENOENT, a closed descriptor is EBADF.', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const [ours, theirs] = descriptors.socketpair();
    const recorder = new Recorder();
    const register = (fd: number) => reactor.register(fd, Readable, recorder, { trigger });
    const registration = register(ours);
    expect(() => register(ours)).toThrow(coded('EEXIST'));
    expect([registration.isClosed, reactor.registrationCount]).toEqual([false, 1]);
    send(theirs, 'x');
    turnIdly(reactor, 1);
    expect(recorder.count).toBe(1); // the refused one has taken nothing from it
    descriptors.close(theirs);
    expect(() => register(theirs)).toThrow(coded('EBADF'));
    descriptors.close(ours);
    const fd = descriptors.dup(0);
    expect(fd).toBe(Math.min(ours, theirs));
    if (fd === ours) expect(() => registration.rearm()).toThrow(coded('ENOENT'));
  });

  it('A descriptor that is closed while poll or select watches it is reported once as Error.', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    const [ours] = descriptors.socketpair();
    const recorder = new Recorder();
    const registration = reactor.register(ours, Readable, recorder, { trigger });
    descriptors.close(ours);
    turnIdly(reactor, 10);
    expect(recorder.readiness).toEqual(ghosts ? [] : ['Readable|Error']);
    registration.close();
    expect(reactor.registrationCount).toBe(0);
    expect(sys.errnoName(sys.close(ours))).toBe('EBADF'); // nothing else closes it
  });
});
