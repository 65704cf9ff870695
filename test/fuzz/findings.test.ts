// What the fuzz has found: functions that turned a wrong argument into a number or a string, and so
// ran its code, or threw the engine's error in place of one with a code.
import { expect, test } from 'vitest';
import { Interest, Poller, Reactor, readinessNames } from '../../src/index.ts';
import * as sys from '../../src/sys.ts';

const notNumber = Symbol('not a number') as unknown as number;
const coercible = { [Symbol.toPrimitive]: () => 0 } as unknown as number;
const wrongType = expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' });

test.each([[notNumber], [coercible]])('%o is no index, no count and no bits', (value) => {
  using poller = new Poller();
  using reactor = new Reactor();
  const fds = new Int32Array(2);
  expect(sys.pipe(fds)).toBe(0);
  const registration = reactor.register(fds[0] as number, Interest.Readable, {
    onReady() {
      throw new Error('there is nothing to read');
    },
  });
  expect(() => poller.events.token(value)).toThrow(wrongType);
  expect(() => poller.events.readiness(value)).toThrow(wrongType);
  expect(() => poller.events.detail(value)).toThrow(wrongType);
  expect(() => registration.charge(value)).toThrow(wrongType);
  expect(() => new sys.MessageBatch(1, 1).message(value)).toThrow(wrongType);
  expect(() => readinessNames(value)).toThrow(wrongType);
  registration.close();
  for (const fd of fds) sys.close(fd);
});
