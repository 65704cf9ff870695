// Of the suite of poller-suite.ts: what add, modify and remove take, and what they answer otherwise.
import { openSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Interest, Readiness } from '../../src/poller/interest.ts';
import { Poller } from '../../src/poller/poller.ts';
import * as sys from '../../src/sys/index.ts';
import { eventsNow, expectEvents, expectQuiet } from '../helpers/expect-events.ts';
import { send } from '../helpers/handlers.ts';
import { isOneshot } from '../helpers/matrix.ts';
import { open, type Subject } from './poller-suite.ts';

const TOKEN = 7;
const { Readable } = Readiness;

export function defineSetTests(subject: Subject): void {
  const { backend, trigger, descriptors } = subject;

  it('answers EEXIST, ENOENT, EBADF and EPERM', () => {
    const poller = open(subject);
    const [ours, theirs] = descriptors.socketpair();
    poller.add(ours, TOKEN, Interest.Readable, trigger);
    const add = (fd: number) => () => poller.add(fd, TOKEN, Interest.Readable, trigger);
    expect(add(ours)).toThrow(expect.objectContaining({ code: 'EEXIST', fd: ours }));
    expect(() => poller.modify(theirs, 1, 0)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    expect(() => poller.remove(theirs)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    descriptors.close(theirs);
    expect(add(theirs)).toThrow(expect.objectContaining({ code: 'EBADF' }));
    expect(() => poller.remove(theirs)).toThrow(expect.objectContaining({ code: 'EBADF' }));
  });

  it('answers the same for each kind of file, as the table has it', () => {
    const poller = open(subject);
    const [ours, theirs] = descriptors.socketpair();
    const opened = (path: string) => descriptors.trackFile(openSync(path, 'r'));
    const codeOf = (call: () => void): string => {
      try {
        call();
        return 'OK';
      } catch (error) {
        return (error as NodeJS.ErrnoException).code as string;
      }
    };
    const files: Record<string, number> = {
      socket: ours,
      pipe: descriptors.pipe()[0],
      eventfd: descriptors.track(sys.eventfd(0, 0)),
      regular: opened(process.execPath),
      directory: opened('/'),
      'always ready': opened('/dev/null'),
      closed: descriptors.dup(ours),
    };
    descriptors.close(files.closed as number);
    const answers = Object.entries(files).map(([name, fd]) => [
      name,
      codeOf(() => poller.remove(fd)),
      codeOf(() => poller.modify(fd, 1, Interest.Readable, trigger)),
      codeOf(() => poller.add(fd, 1, Interest.Readable, trigger)),
      codeOf(() => poller.add(fd, 1, Interest.Readable, trigger)),
      codeOf(() => poller.remove(fd)),
      codeOf(() => poller.remove(fd)),
    ]);
    expect(answers).toEqual([
      ['socket', 'ENOENT', 'ENOENT', 'OK', 'EEXIST', 'OK', 'ENOENT'],
      ['pipe', 'ENOENT', 'ENOENT', 'OK', 'EEXIST', 'OK', 'ENOENT'],
      ['eventfd', 'ENOENT', 'ENOENT', 'OK', 'EEXIST', 'OK', 'ENOENT'],
      ['regular', 'ENOENT', 'ENOENT', 'EPERM', 'EPERM', 'ENOENT', 'ENOENT'],
      ['directory', 'ENOENT', 'ENOENT', 'EPERM', 'EPERM', 'ENOENT', 'ENOENT'],
      ['always ready', 'ENOENT', 'ENOENT', 'EPERM', 'EPERM', 'ENOENT', 'ENOENT'],
      ['closed', 'EBADF', 'EBADF', 'EBADF', 'EBADF', 'EBADF', 'EBADF'],
    ]);
    expect(codeOf(() => poller.add(theirs, 1, Interest.ReadClosed, trigger))).toBe(
      (poller.capabilities.interests & Interest.ReadClosed) !== 0 ? 'OK' : 'ENOTSUP',
    );
  });

  it('watches both numbers of one description', () => {
    const poller = open(subject);
    const [ours, theirs] = descriptors.socketpair();
    poller.add(ours, 1, Interest.Readable, trigger);
    poller.add(descriptors.dup(ours), 2, Interest.Readable, trigger);
    send(theirs, 'x');
    expectEvents(poller, { 1: Readable, 2: Readable });
  });

  it('is quiet about what was removed, and takes it again', () => {
    const poller = open(subject);
    const [ours] = descriptors.socketpair();
    poller.add(ours, 1, Interest.Writable, trigger);
    poller.remove(ours);
    expectQuiet(poller);
    poller.add(ours, 2, Interest.Writable, trigger);
    expect(eventsNow(poller)).toEqual({ 2: 'Writable' });
  });

  it('is quiet after a close that was announced, though a duplicate lives on', () => {
    const poller = open(subject);
    const [ours, theirs] = descriptors.socketpair();
    descriptors.dup(ours);
    poller.add(ours, 1, Interest.Readable, trigger);
    poller.remove(ours);
    descriptors.close(ours);
    send(theirs, 'x');
    expectQuiet(poller);
  });

  it('takes exclusive where it can, and says ENOTSUP where not', () => {
    const poller = open(subject);
    const [ours] = descriptors.socketpair();
    const add = () => poller.add(ours, 1, Interest.Readable, trigger, { exclusive: true });
    if (!Poller.capabilitiesOf(backend).exclusive) {
      expect(add).toThrow(expect.objectContaining({ code: 'ENOTSUP' }));
    } else if (isOneshot(trigger)) {
      expect(add).toThrow(expect.objectContaining({ code: 'EINVAL' }));
    } else {
      add();
      expect(() => poller.modify(ours, 1, Interest.Readable, trigger)).toThrow(
        expect.objectContaining({ code: 'EINVAL' }),
      );
      poller.remove(ours);
      poller.add(ours, 1, Interest.None, trigger, { exclusive: true }); // it starts paused
      expectQuiet(poller);
      poller.remove(ours);
    }
  });
}
