// The types of edgewise/dgram beside those of @types/node: what compiles here can be used where
// node:dgram is expected.
import type nodeDgram from 'node:dgram';
import type { RemoteInfo as NodeRemoteInfo } from 'node:dgram';
import { expect, it } from 'vitest';
import edgewiseDgram, {
  type BindOptions,
  createSocket,
  type RemoteInfo,
  Socket,
  type SocketOptions,
  type SocketType,
} from '../../src/node-dgram/index.ts';

type Arguments = readonly unknown[];
/** The two overloads of `createSocket`, with our socket. */
type Making<F> = F extends {
  (...args: infer A extends Arguments): unknown;
  (...args: infer B extends Arguments): unknown;
}
  ? { (...args: A): Socket; (...args: B): Socket }
  : never;

it('a socket and its maker can be used by the types of node:dgram', async () => {
  const socket: nodeDgram.Socket = new Socket('udp4');
  const byDefault: nodeDgram.Socket = edgewiseDgram.createSocket({ type: 'udp6' });
  const createSocketOf: Making<typeof nodeDgram.createSocket> = createSocket;
  const create: typeof nodeDgram.createSocket = createSocket;
  const asClass: new (type: nodeDgram.SocketType) => nodeDgram.Socket = Socket;
  const named: edgewiseDgram.Socket = edgewiseDgram.Socket('udp4');
  const options: SocketOptions = {} as nodeDgram.SocketOptions;
  const bindOptions: BindOptions = {} as nodeDgram.BindOptions;
  const type: SocketType = 'udp4' as nodeDgram.SocketType;
  const info: NodeRemoteInfo = {} as RemoteInfo;
  expect([createSocketOf, create, asClass, info, options, bindOptions]).not.toContain(undefined);
  expect(type).toBe('udp4');
  for (const one of [socket, byDefault, named]) await one[Symbol.asyncDispose]();
});

it('listeners have the types of their events', () => {
  const listening = (socket: Socket) => {
    socket.on('message', (bytes, { address, port, size }) => {
      const text: string = bytes.toString('utf8', 0, size) + address;
      return text + (port satisfies number);
    });
    socket.on('error', ({ message }) => message);
    socket.send('text', 9, (error, bytes: number) => error ?? bytes);
  };
  expect(listening).toBeTypeOf('function');
});

it('wrong arguments do not compile', () => {
  const wrong = () => {
    // @ts-expect-error there is no such family
    createSocket('udp5');
    // @ts-expect-error a port is a number
    new Socket('udp4').bind({ port: 'nine' });
    // @ts-expect-error bytes or text are sent
    new Socket('udp4').send(5, 9);
  };
  expect(wrong).toBeTypeOf('function');
});
