// Wrong arguments are refused with a code, on every layer: none is turned into a number or a string,
// which would run its code, and none causes an error of the engine without a code.
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { Interest, Poller, Reactor, readinessNames } from '../../src/index.ts';
import { Mailbox, MailboxSender, ReactorPool } from '../../src/multi/index.ts';
import { awaitable, Proactor } from '../../src/proactor/index.ts';
import { sleep } from '../../src/promises/index.ts';
import { fromDuplex } from '../../src/stream/index.ts';
import { SocketDuplex } from '../../src/stream/socket.ts';
import * as sys from '../../src/sys/index.ts';

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

const none = null as never;

test('options that are none, and errors that are none, are refused with a code', async () => {
  using reactor = new Reactor();
  const duplex = fromDuplex(new PassThrough());
  await expect(duplex.read(none)).rejects.toThrow(wrongType);
  expect(() => duplex.destroy(-1 as never)).toThrow(wrongType);
  await expect(duplex.write('x', none)).rejects.toThrow(wrongType);
  await expect(sleep(1, none)).rejects.toThrow(wrongType);
  await expect(sleep(1, { reactor: {} as never })).rejects.toThrow(wrongType);
  const pool = new ReactorPool({ reactor, size: 1, module: '/none.mjs' });
  expect(() => pool.close(none)).toThrow(wrongType);
  using proactor = new Proactor({ reactor });
  const descriptor = awaitable(proactor.open(0));
  await expect(descriptor.read(new Uint8Array(1), none)).rejects.toThrow(wrongType);
});

test('a value that only converts to a number is no delay of a keep-alive', () => {
  expect(() => new SocketDuplex().setKeepAlive(true, coercible)).toThrow(wrongType);
});

test('memory that is no mailbox, and a mailbox of more memory than there is, are refused', () => {
  using reactor = new Reactor();
  const onMessage = () => undefined;
  using mailbox = new Mailbox({ reactor, onMessage });
  for (const size of [0, 255, 256, 4096]) {
    const address = { ...mailbox.address, memory: new SharedArrayBuffer(size) };
    expect(() => new MailboxSender(address)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  }
  const options = { reactor, onMessage, producerCountMax: 1024, laneBytes: 2 ** 28 };
  expect(() => new Mailbox(options)).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
});
