// The types of edgewise/net beside those of @types/node: what compiles here can be used where
// node:net is expected. docs/compat.md lists what is not promised.
import type nodeNet from 'node:net';
import { expect, it } from 'vitest';
import edgewiseNet, {
  connect,
  createConnection,
  createServer,
  Server,
  Socket,
} from '../../src/node-net/index.ts';

/** Members of a socket that edgewise/net does not have. */
type NotPromised = Pick<nodeNet.Socket, 'autoSelectFamilyAttemptedAddresses' | 'bufferSize'>;
/** Members that are there and may be undefined; @types/node has them as absent then. */
type Unset = Required<
  Pick<nodeNet.Socket, 'localAddress' | 'localFamily' | 'localPort' | 'timeout'>
>;
type PromisedSocket = Socket & NotPromised & Unset;
/** Without `connections`, which is deprecated. */
type PromisedServer = Server & Pick<nodeNet.Server, 'connections'>;

type Arguments = readonly unknown[];
/** Three overloads, with another result. */
type Connecting<F, Result> = F extends {
  (...args: infer A extends Arguments): unknown;
  (...args: infer B extends Arguments): unknown;
  (...args: infer C extends Arguments): unknown;
}
  ? {
      (...args: A): Result;
      (...args: B): Result;
      (...args: C): Result;
    }
  : never;

/** A socket of edgewise/net in the place of one of node:net. */
type CreateServer = {
  (connectionListener?: (socket: Socket) => void): Server;
  (options?: nodeNet.ServerOpts, connectionListener?: (socket: Socket) => void): Server;
};

it('a socket, a server and their makers can be used by the types of node:net', () => {
  const socket: nodeNet.Socket = new Socket() as PromisedSocket;
  const server: nodeNet.Server = new Server() as PromisedServer;
  const connectOf: Connecting<typeof nodeNet.connect, Socket> = connect;
  const createConnectionOf: Connecting<typeof nodeNet.createConnection, Socket> = createConnection;
  const createServerOf: CreateServer = createServer;
  const byDefault: Connecting<typeof nodeNet.connect, Socket> = edgewiseNet.connect;
  const options: ConstructorParameters<typeof Socket>[0] = {} as nodeNet.SocketConstructorOpts;
  const isIPOf: typeof nodeNet.isIP = edgewiseNet.isIP;
  expect([connectOf, createConnectionOf, createServerOf, byDefault, isIPOf]).not.toContain(
    undefined,
  );
  expect(options).toEqual({});
  socket.destroy();
  server.close();
});

it('wrong arguments do not compile', () => {
  const wrong = () => {
    // @ts-expect-error a port is a number or text
    connect({ port: {} });
    // @ts-expect-error a server listens on a number, a path or by options
    new Server().listen(true);
  };
  expect(wrong).toBeTypeOf('function');
});
