// Promises, streams and the names of node:net while one call of the kernel fails.
import { describe, it } from 'vitest';
import nodeNet from '../../src/node-net/index.ts';
import { connect, listen } from '../../src/promises/index.ts';
import { defaultReactor, Reactor } from '../../src/reactor/index.ts';
import { toDuplex } from '../../src/stream/index.ts';
import type { KernelCall } from '../helpers/injection.ts';
import { type Program, passes, type Report, sweep } from './sweep.ts';

defaultReactor(); // its descriptors are no program's leak
const HOST = '127.0.0.1';
const BULK = Buffer.alloc(300_000, 'x');

const attached = (report: Report): Reactor => {
  const reactor = new Reactor({ onError: (error) => void report.stray.push(error) });
  reactor.attach();
  return reactor;
};

/** Waits for all of `promises`; what they reject with is reported, what does not settle hangs. */
async function settle(report: Report, promises: Record<string, Promise<unknown>>): Promise<void> {
  let pending = Object.keys(promises).length;
  const waiting = new Set(Object.keys(promises));
  for (const [name, promise] of Object.entries(promises)) {
    promise.catch(report.ended).finally(() => {
      pending--;
      waiting.delete(name);
    });
  }
  await passes(() => pending === 0);
  for (const name of waiting) report.expectEnd(name, false);
}

const awaited: Program = async (report) => {
  const reactor = attached(report);
  try {
    const listener = listen({ host: HOST, reactor });
    const serve = async () => {
      await using connection = await listener.accept();
      for await (const bytes of connection) await connection.write(bytes);
    };
    const ask = async () => {
      await using connection = await connect({ host: HOST, port: listener.port, reactor });
      const written = connection.write(BULK);
      await Promise.all([written, connection.readExactly(BULK.length)]);
      await connection.end();
    };
    const asked = ask();
    asked.catch(() => listener.close()).catch(() => undefined); // nothing comes: accept ends too
    await settle(report, { served: serve(), asked });
  } finally {
    reactor.close();
  }
};

const streamed: Program = async (report) => {
  const reactor = attached(report);
  try {
    const listener = listen({ host: HOST, reactor });
    const serve = async () => {
      const stream = toDuplex(await listener.accept());
      stream.on('error', report.ended);
      stream.pipe(stream);
      await new Promise((resolve) => stream.once('close', resolve));
    };
    const ask = async () => {
      const stream = toDuplex(await connect({ host: HOST, port: listener.port, reactor }));
      let received = 0;
      stream.on('error', report.ended);
      stream.on('data', (bytes: Buffer) => {
        received += bytes.length;
        if (received === BULK.length) stream.end();
      });
      stream.on('end', () => stream.end());
      stream.write(BULK);
      await new Promise((resolve) => stream.once('close', resolve));
    };
    const asked = ask();
    const end = () => void listener.close();
    asked.then(end, end);
    await settle(report, { served: serve(), asked });
  } finally {
    reactor.close();
  }
};

const namesOfNode: Program = async (report) => {
  let open = 0;
  const closes = (of: { on(name: string, listener: (error?: Error) => void): unknown }) => {
    open++;
    of.on('error', report.ended);
    of.on('close', () => void open--);
  };
  const server = nodeNet.createServer((socket) => {
    closes(socket);
    socket.pipe(socket);
  });
  let isServing = true;
  server.on('error', (error: Error) => {
    report.ended(error);
    isServing = server.listening;
  });
  server.on('close', () => {
    isServing = false;
  });
  server.listen(0, HOST);
  let isListening = false;
  server.once('listening', () => {
    isListening = true;
  });
  await passes(() => isListening || !isServing);
  const address = server.address();
  if (address !== null && typeof address === 'object') {
    const client = nodeNet.connect({ port: address.port as number, host: HOST });
    closes(client);
    let received = 0;
    client.on('data', (bytes: Buffer) => {
      received += bytes.length;
      if (received === BULK.length) client.end();
    });
    client.write(BULK);
    await passes(() => open === 0);
    report.expectEnd('the sockets', open === 0);
  }
  server.close(() => undefined);
  await passes(() => !isServing);
  report.expectEnd('the server', !isServing);
};

const CALLS: readonly KernelCall[] = [
  'epoll_ctl ADD',
  'epoll_ctl MOD',
  'epoll_ctl DEL',
  'socket',
  'bind',
  'listen',
  'connect',
  'accept',
  'getsockname',
  'getsockopt',
  'setsockopt',
  'shutdown',
  'recv',
  'send',
  'close',
];

describe.each([
  ['edgewise/promises', awaited],
  ['edgewise/stream', streamed],
  ['edgewise/net', namesOfNode],
] as const)('%s', (_name, program) => {
  it.each(CALLS)('survives each error of %s', async (call) => {
    await sweep(program, call);
  });
});
