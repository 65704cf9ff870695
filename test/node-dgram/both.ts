// One scenario on node:dgram and on edgewise/dgram: what it reports must be the same. What only newer
// Nodes have is compared with what is expected of it, and with Node where that has it.
import nodeDgram from 'node:dgram';
import { once } from 'node:events';
import { setImmediate as nextPass } from 'node:timers/promises';
import { expect, it } from 'vitest';
import edgewiseDgram from '../../src/node-dgram/index.ts';
import { defaultReactor } from '../../src/reactor/index.ts';
import { countDescriptors } from '../helpers/descriptors.ts';

export type Dgram = typeof nodeDgram;
export type Socket = nodeDgram.Socket;
export const HOST = '127.0.0.1';
export const ours = edgewiseDgram as unknown as Dgram;

/** Calls a member with any arguments, as programs without types do. */
export function call(socket: object, name: string, ...args: unknown[]): unknown {
  const member = Reflect.get(socket, name) as (...args: unknown[]) => unknown;
  return member.apply(socket, args);
}

defaultReactor(); // its descriptors are no test's leak

/** What `util.inspect` and programs see of an error; a port that was given out reads 'PORT'. */
export function shapeOf(error: unknown, ...ports: readonly number[]): object {
  const { name, code, message, errno, syscall, address, port, info } =
    error as NodeJS.ErrnoException & Record<string, unknown>;
  const anonymous = (text: string) =>
    ports.reduce((before, each) => before.replaceAll(`:${each}`, ':PORT'), text);
  const shownPort = ports.includes(port as number) ? 'PORT' : port;
  return {
    name,
    code,
    message: anonymous(message),
    errno,
    syscall,
    address,
    port: shownPort,
    info,
  };
}

/** What a call returns, or the shape of what it throws. */
export function attempt(call: () => unknown): unknown {
  try {
    return { returned: call() };
  } catch (error) {
    return shapeOf(error);
  }
}

/** A scenario whose report must be the same on both. */
export function same(title: string, scenario: (dgram: Dgram) => unknown): void {
  it(title, async () => {
    const expected = await scenario(nodeDgram);
    expect(expected).toBeDefined();
    const before = countDescriptors();
    expect(await scenario(ours)).toEqual(expected);
    expect(countDescriptors()).toBe(before);
  });
}

/** The same, where not every Node has `member`; `expected` is what the newest says. */
export function sameAsNewest(
  member: string,
  title: string,
  scenario: (dgram: Dgram) => unknown,
  expected: unknown,
): void {
  it(title, async () => {
    expect(await scenario(ours)).toEqual(expected);
    if (member in nodeDgram.Socket.prototype) expect(await scenario(nodeDgram)).toEqual(expected);
  });
}

/** A bound socket. */
export async function bound(
  dgram: Dgram,
  options: nodeDgram.SocketOptions | nodeDgram.SocketType = 'udp4',
  address = HOST,
): Promise<{ socket: Socket; port: number }> {
  const socket = dgram.createSocket(options as nodeDgram.SocketOptions);
  socket.bind(0, address);
  await once(socket, 'listening');
  return { socket, port: socket.address().port };
}

/** A bound socket that is connected to a port of this machine. */
export async function connected(dgram: Dgram, port: number): Promise<Socket> {
  const { socket } = await bound(dgram);
  socket.connect(port, HOST);
  await once(socket, 'connect');
  return socket;
}

export async function closed(...sockets: readonly Socket[]): Promise<void> {
  await Promise.all(
    sockets.map((socket) => {
      const gone = once(socket, 'close');
      socket.close();
      return gone;
    }),
  );
}

/** The texts of the next datagrams. */
export async function texts(socket: Socket, count: number): Promise<string[]> {
  const found: string[] = [];
  socket.on('message', (bytes) => found.push(String(bytes)));
  while (found.length < count) await once(socket, 'message');
  return found;
}

/** Everything that is due has been called. */
export async function settled(): Promise<void> {
  for (let pass = 0; pass < 5; pass++) await nextPass();
}
