// What a server and a socket of edgewise/net, and a socket of edgewise/dgram, emit at each way in which
// they can end: `close`, once.
import { once } from 'node:events';
import nodeNet, { type AddressInfo } from 'node:net';
import { setImmediate as aPass } from 'node:timers/promises';
import { describe } from 'vitest';
import edgewiseDgram from '../../src/node-dgram/index.ts';
import edgewiseNet from '../../src/node-net/index.ts';
import { Reactor } from '../../src/reactor/index.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { Mine, Stop, testEndings } from '../helpers/endings.ts';
import { inject } from '../helpers/injection.ts';

const HOST = '127.0.0.1';
const descriptors = useDescriptors();

function attached(): Reactor {
  const reactor = descriptors.using(new Reactor({ onError: () => undefined }));
  reactor.attach();
  return reactor;
}

type Net = typeof nodeNet;

async function listening() {
  const reactor = attached();
  const abort = new AbortController();
  const server = (edgewiseNet as unknown as Net).createServer({ reactor } as object);
  server.on('error', () => undefined);
  server.listen({ port: 0, host: HOST, signal: abort.signal });
  await once(server, 'listening');
  return { reactor, abort, server, port: (server.address() as AddressInfo).port };
}

type Listening = Awaited<ReturnType<typeof listening>>;

describe('a server', () => {
  const outcomes = {
    close: 'undefined',
    'signal of listen': 'undefined',
    'the reactor is closed': 'undefined',
    'accept fails': 'undefined',
  };
  testEndings<Listening, keyof typeof outcomes>({
    open: listening,
    endings: {
      close: ({ server }) => void server.close(),
      'signal of listen': ({ abort }) => abort.abort(new Stop()),
      'the reactor is closed': ({ reactor }) => reactor.close(),
      'accept fails': async ({ port }) => {
        inject('accept', 'EBADF');
        const client = nodeNet.connect(port, HOST);
        await new Promise((resolve) => client.on('error', resolve).on('end', resolve).resume());
      },
    },
    waits: {
      close: { begin: ({ server }, _own, settle) => void server.on('close', settle), outcomes },
    },
  });
});

describe('a server with a connection', () => {
  const outcomes = {
    'the connection is destroyed': 'undefined',
    'the reactor is closed': 'undefined',
  };
  testEndings<Listening & { readonly socket: nodeNet.Socket }, keyof typeof outcomes>({
    open: async () => {
      const opened = await listening();
      const client = nodeNet.connect(opened.port, HOST).on('error', () => undefined);
      descriptors.using({ close: () => client.destroy() });
      const [socket] = await once(opened.server, 'connection');
      return { ...opened, socket: socket.on('error', () => undefined) };
    },
    endings: {
      'the connection is destroyed': ({ socket }) => socket.destroy(),
      'the reactor is closed': ({ reactor }) => reactor.close(),
    },
    waits: {
      'the callback of close': {
        begin: ({ server }, _own, settle) => void server.close(settle),
        outcomes,
      },
    },
  });
});

describe('a socket', () => {
  const outcomes = { destroy: 'false', 'destroy(error)': 'true', 'the reactor is closed': 'true' };
  testEndings<
    { readonly reactor: Reactor; readonly socket: nodeNet.Socket },
    keyof typeof outcomes
  >({
    open: async () => {
      const { server, port } = await listening();
      const reactor = attached();
      const options = { port, host: HOST, reactor };
      const socket = (edgewiseNet as unknown as Net).connect(options);
      await once(
        socket.on('error', () => undefined),
        'connect',
      );
      return { server, reactor, socket };
    },
    endings: {
      destroy: ({ socket }) => socket.destroy(),
      'destroy(error)': ({ socket }) => socket.destroy(new Mine()),
      'the reactor is closed': ({ reactor }) => reactor.close(),
    },
    waits: {
      close: {
        begin: ({ socket }, _own, settle) => {
          socket.on('close', (hadError) => settle(undefined, hadError));
        },
        outcomes,
      },
    },
  });
});

describe('a datagram socket', () => {
  const outcomes = {
    close: 'undefined',
    signal: 'undefined',
    'the reactor is closed': 'undefined',
  };
  testEndings<Awaited<ReturnType<typeof bound>>, keyof typeof outcomes>({
    open: bound,
    endings: {
      close: ({ socket }) => socket.close(),
      signal: ({ abort }) => abort.abort(new Stop()),
      'the reactor is closed': ({ reactor }) => reactor.close(),
    },
    waits: {
      close: {
        begin: ({ socket }, _own, settle) => void socket.on('close', () => settle(undefined)),
        outcomes,
      },
    },
  });
});

async function bound() {
  const reactor = attached();
  const abort = new AbortController();
  const options = { type: 'udp4', reactor, signal: abort.signal } as const;
  const socket = edgewiseDgram.createSocket(options);
  socket.on('error', () => undefined).bind(0, HOST);
  await once(socket, 'listening');
  await aPass();
  return { reactor, abort, socket };
}
