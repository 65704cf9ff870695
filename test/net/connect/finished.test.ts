// Where connect(2) has finished when it returns, as it may for a socket of this machine: `open` is
// called inside the answer of the look-up, and what it throws is the handler's own all the same.
import { expect, it, vi } from 'vitest';
import { connect, type Resolve } from '../../../src/net/connect/index.ts';
import { listen } from '../../../src/net/listen/listen.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import { useDescriptors } from '../../helpers/descriptors.ts';
import { Recorder } from '../recorder.ts';

const HOST = '127.0.0.1';
vi.mock(import('../../../src/sys/index.ts'), async (importOriginal) => {
  const sys = await importOriginal();
  const { F_GETFL, F_SETFL, O_NONBLOCK } = sys.constants;
  const blocking: typeof sys.connect = (fd, address) => {
    const flags = sys.fcntl(fd, F_GETFL);
    sys.fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
    const result = sys.connect(fd, address);
    sys.fcntl(fd, F_SETFL, flags);
    return result;
  };
  return { ...sys, connect: blocking };
});

const descriptors = useDescriptors();
const later: Resolve = (_, callback) =>
  setImmediate(() => callback(null, [{ address: HOST, family: 4 }]));
const atOnce: Resolve = (_, callback) => callback(null, [{ address: HOST, family: 4 }]);

it.each([
  ['of no look-up', HOST, atOnce],
  ['of a look-up that answers at once', 'name.invalid', atOnce],
  ['of a look-up that answers later', 'name.invalid', later],
])('what `open` throws inside the answer %s reaches onError', async (_, host, resolve) => {
  const errors: unknown[] = [];
  const reactor = descriptors.using(new Reactor({ onError: (error) => errors.push(error) }));
  reactor.attach();
  const server = new Recorder();
  const { port } = listen({ host: HOST, handlers: server.handlers, reactor });
  const client = new Recorder({
    open: () => {
      throw new Error('mine');
    },
  });
  const connection = connect({ host, port, resolve, handlers: client.handlers, reactor });
  await Promise.all([client.called('open'), server.called('open')]);
  await new Promise<void>((settle) => reactor.defer(settle));
  expect(errors).toEqual([new Error('mine')]);
  expect(client.events).toEqual(['open']);
  expect(connection.isClosed).toBe(false);
});
