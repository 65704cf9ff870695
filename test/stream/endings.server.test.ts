// The close of a server of serveHttp that has a connection, and every way in which it can end.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { describe } from 'vitest';
import { Reactor } from '../../src/reactor/reactor.ts';
import { serveHttp } from '../../src/stream/serve-http.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { Stop, testEndings } from '../helpers/endings.ts';
import { inject } from '../helpers/injection.ts';

const HOST = '127.0.0.1';
const descriptors = useDescriptors();

interface Serving {
  readonly reactor: Reactor;
  readonly abort: AbortController;
  readonly server: Server;
  readonly port: number;
  readonly client: net.Socket;
}

const afterClose = {
  'the client ends its connection': ({ client }: Serving) => client.end(),
  'the client resets it': ({ client }: Serving) => client.resetAndDestroy(),
  closeAllConnections: ({ server }: Serving) => server.closeAllConnections(),
  'recv fails': ({ client }: Serving) => {
    inject('recv', 'EIO');
    client.write('x');
  },
  'the reactor is closed': ({ reactor }: Serving) => reactor.close(),
};

const whileListening = {
  'signal, and closeAllConnections': ({ abort, server }: Serving) => {
    abort.abort(new Stop());
    server.closeAllConnections();
  },
  'accept fails, and closeAllConnections': async ({ port, server }: Serving) => {
    inject('accept', 'EBADF');
    const refused = net.connect(port, HOST);
    await new Promise((resolve) => refused.on('error', resolve).on('end', resolve).resume());
    server.closeAllConnections();
  },
  'the reactor is closed': ({ reactor }: Serving) => reactor.close(),
};

async function serving(): Promise<Serving> {
  const reactor = descriptors.using(new Reactor({ onError: () => undefined }));
  reactor.attach();
  const abort = new AbortController();
  const server = createServer(() => undefined); // answers nothing
  serveHttp(server, { host: HOST, reactor, signal: abort.signal, onError: () => undefined });
  const { port } = server.address() as AddressInfo;
  const client = net.connect({ port, host: HOST, allowHalfOpen: true });
  client.on('error', () => undefined).resume();
  descriptors.using({ close: () => client.destroy() });
  client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  await once(server, 'request');
  return { reactor, abort, server, port, client };
}

function called<Name extends string>(endings: Record<Name, unknown>): Record<Name, string> {
  const names = Object.keys(endings).map((name) => [name, 'undefined']);
  return Object.fromEntries(names) as Record<Name, string>;
}

describe('serveHttp, closing', () => {
  testEndings<Serving, keyof typeof afterClose>({
    open: serving,
    endings: afterClose,
    waits: {
      'the callback of close': {
        begin: ({ server }, _signal, settle) => void server.close(settle),
        outcomes: called(afterClose),
      },
    },
  });
});

describe('serveHttp, listening', () => {
  testEndings<Serving, keyof typeof whileListening>({
    open: serving,
    endings: whileListening,
    waits: {
      'the event close': {
        begin: ({ server }, _signal, settle) => void server.on('close', settle),
        outcomes: called(whileListening),
      },
    },
  });
});
