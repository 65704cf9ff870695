// Mistakes of handlers on raw descriptors.
import { Interest, Reactor, Readiness, type Registration } from '../../../src/index.ts';
import * as sys from '../../../src/sys/index.ts';
import { expectEqual, type Mistake, PORT } from './mistake.ts';

const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK, SOL_SOCKET, SO_ERROR, EINTR, EMFILE } = sys.constants;
const { ECONNABORTED, ECONNREFUSED, EINPROGRESS } = sys.constants;
const TEN_KB = 'x'.repeat(10_000);

type OnClient = (fd: number, reactor: Reactor) => void;

function attached(): Reactor {
  const reactor = new Reactor();
  reactor.attach();
  return reactor;
}

function listening(): number {
  const fd = sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
  expectEqual(sys.bind(fd, { address: '127.0.0.1', port: PORT }), 0);
  expectEqual(sys.listen(fd), 0);
  return fd;
}

/** Accepts as it should be done: until would-block, past what may pass. */
function acceptAll(fd: number, onFd: (fd: number) => void): number {
  for (;;) {
    const result = sys.accept4(fd, null, SOCK_NONBLOCK);
    if (result >= 0) onFd(result);
    else if (result !== -EINTR && result !== -ECONNABORTED) return result;
  }
}

/** A server for one test; what is returned closes it. */
function serve(onClient: OnClient): () => void {
  const reactor = attached();
  const fd = listening();
  const fds = new Set([fd]);
  reactor.register(fd, Interest.Readable, {
    onReady: () => {
      acceptAll(fd, (client) => {
        fds.add(client);
        onClient(client, reactor);
      });
    },
  });
  return () => {
    reactor.close();
    for (const each of fds) sys.close(each);
  };
}

/** Reads until there is no more; false: the end, or an error. */
function readAll(fd: number, into: Uint8Array, onBytes: (bytes: Uint8Array) => void): boolean {
  for (;;) {
    const count = sys.recv(fd, into);
    if (count > 0) onBytes(into.subarray(0, count));
    else if (count !== -EINTR) return count === sys.WOULD_BLOCK;
  }
}

/** Sends what a registration has queued, and asks for room only while there is something. */
function flush(client: Registration<Uint8Array>): void {
  while (client.data.length > 0) {
    const sent = sys.send(client.fd, client.data);
    if (sent > 0) client.data = client.data.subarray(sent);
    else if (sent !== -EINTR) break;
  }
  if (client.isClosed) return;
  client.setInterest(
    client.data.length > 0 ? Interest.Readable | Interest.Writable : Interest.Readable,
  );
}

/** Counts the bytes that come on an edge-triggered descriptor. */
function counting(
  read: (fd: number, onBytes: (count: number) => void) => void,
): [OnClient, () => number] {
  let total = 0;
  const onClient: OnClient = (fd, reactor) => {
    const onReady = (): void =>
      read(fd, (count) => {
        total += count;
      });
    reactor.register(fd, Interest.Readable, { onReady }, { trigger: 'edge' });
  };
  return [onClient, () => total];
}

export const RAW: readonly Mistake[] = [
  {
    name: 'an edge-triggered handler reads once',
    options: { edges: 'strict' },
    async run(sim, isRight) {
      const bytes = new Uint8Array(1000);
      const [onClient, total] = counting((fd, onBytes) => {
        if (isRight) readAll(fd, bytes, ({ length }) => onBytes(length));
        else onBytes(Math.max(0, sys.recv(fd, bytes)));
      });
      const close = serve(onClient);
      const client = await sim.connect(PORT);
      client.write(TEN_KB);
      await sim.settle();
      expectEqual(total(), TEN_KB.length);
      close();
    },
  },
  {
    name: 'a short read is taken for the last one, while the end is queued behind it',
    options: { edges: 'strict' },
    async run(sim, isRight) {
      const bytes = new Uint8Array(1000);
      let hasEnded = false;
      const close = serve((fd, reactor) => {
        const onReady = (): void => {
          for (;;) {
            const count = sys.recv(fd, bytes);
            if (count === 0) hasEnded = true;
            if (count <= 0 || (!isRight && count < bytes.length)) return;
          }
        };
        reactor.register(fd, Interest.Readable, { onReady }, { trigger: 'edge' });
      });
      const client = await sim.connect(PORT);
      client.end('last words');
      await sim.settle();
      expectEqual(hasEnded, true);
      close();
    },
  },
  {
    name: 'a listener under the edge trigger accepts once',
    options: { edges: 'strict' },
    async run(sim, isRight) {
      const reactor = attached();
      const fd = listening();
      const clients: number[] = [];
      const onReady = (): void => {
        const result = isRight
          ? acceptAll(fd, (client) => clients.push(client))
          : sys.accept4(fd, null, 0);
        if (result >= 0) clients.push(result);
      };
      reactor.register(fd, Interest.Readable, { onReady }, { trigger: 'edge' });
      await Promise.all([sim.connect(PORT), sim.connect(PORT), sim.connect(PORT)]);
      await sim.settle();
      expectEqual(clients.length, 3);
      reactor.close();
      for (const each of [fd, ...clients]) sys.close(each);
    },
  },
  {
    name: 'what a short write has left is forgotten',
    options: { faults: { shortWrites: 0.2 } },
    async run(sim, isRight) {
      const close = serve((fd, reactor) => {
        const data = Buffer.from(TEN_KB);
        if (!isRight) {
          sys.send(fd, data);
          return;
        }
        const onReady = (_: Readiness, client: Registration<Uint8Array>): void => flush(client);
        reactor.register<Uint8Array>(fd, Interest.Writable, { onReady }, { data });
      });
      const client = await sim.connect(PORT);
      await sim.settle();
      expectEqual(client.received.length, TEN_KB.length);
      close();
    },
  },
  {
    name: 'a full buffer is taken for an error',
    options: { buffers: { send: 4096, receive: 4096 } },
    async run(sim, isRight) {
      const close = serve((fd, reactor) => {
        const data = Buffer.from(TEN_KB);
        const onReady = (_: Readiness, client: Registration<Uint8Array>): void => {
          flush(client);
          if (!isRight && client.data.length > 0) client.close();
        };
        reactor.register<Uint8Array>(fd, Interest.Writable, { onReady }, { data });
      });
      const client = await sim.connect(PORT);
      await sim.settle();
      expectEqual(client.received.length, TEN_KB.length);
      close();
    },
  },
  {
    name: 'an interrupted read is taken for the end',
    options: { faults: { interrupted: 0.05 } },
    async run(sim, isRight) {
      const bytes = new Uint8Array(100);
      let total = 0;
      const close = serve((fd, reactor) => {
        const onReady = (_: Readiness, client: Registration): void => {
          const isOpen = isRight
            ? readAll(fd, bytes, ({ length }) => {
                total += length;
              })
            : readOnce(fd, bytes, (length) => {
                total += length;
              });
          if (!isOpen) client.close();
        };
        reactor.register(fd, Interest.Readable, { onReady });
      });
      const client = await sim.connect(PORT);
      client.write('x'.repeat(1000));
      await sim.settle();
      expectEqual(total, 1000);
      close();
    },
  },
  {
    name: 'a listener that finds no descriptor left is closed',
    options: { faults: { emfile: 0.2 } },
    async run(sim, isRight) {
      const reactor = attached();
      const fd = opened(listening);
      const clients: number[] = [];
      const listener = reactor.register(fd, Interest.Readable, {
        onReady: () => {
          const result = acceptAll(fd, (client) => clients.push(client));
          if (!isRight && result === -EMFILE) listener.close();
        },
      });
      await Promise.all([sim.connect(PORT), sim.connect(PORT)]);
      await sim.calm();
      expectEqual(clients.length, 2);
      reactor.close();
      for (const each of [fd, ...clients]) sys.close(each);
    },
  },
  {
    name: 'a connect is judged by its being writable',
    async run(sim, isRight) {
      const reactor = attached();
      const fd = sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
      expectEqual(sys.connect(fd, { address: '127.0.0.1', port: PORT }), -EINPROGRESS);
      let outcome = 'nothing';
      const error = new Int32Array(1);
      reactor.register(fd, Interest.Writable, {
        onReady(readiness, connecting) {
          sys.getsockopt(fd, SOL_SOCKET, SO_ERROR, error);
          const isWritable = (readiness & Readiness.Writable) !== 0;
          const hasFailed = isRight ? error[0] === ECONNREFUSED : !isWritable;
          outcome = hasFailed ? 'refused' : 'connected';
          connecting.close();
        },
      });
      await sim.settle();
      expectEqual(outcome, 'refused');
      reactor.close();
      sys.close(fd);
    },
  },
  {
    name: 'the end is seen to before what came before it is read',
    options: { faults: { delayMs: 5 } },
    async run(sim, isRight) {
      const bytes = new Uint8Array(100);
      let total = 0;
      const close = serve((fd, reactor) => {
        const onReady = (readiness: Readiness, client: Registration): void => {
          const isEnd = (readiness & Readiness.ReadClosed) !== 0;
          const isOpen =
            (isRight || !isEnd) &&
            readAll(fd, bytes, ({ length }) => {
              total += length;
            });
          if (!isOpen) client.close();
        };
        reactor.register(fd, Interest.Readable, { onReady });
      });
      const client = await sim.connect(PORT);
      client.end('last words');
      await sim.settle();
      expectEqual(total, 'last words'.length);
      close();
    },
  },
  {
    name: 'no room is asked for where a write has found none',
    options: { buffers: { send: 4096, receive: 4096 } },
    async run(sim, isRight) {
      const bytes = new Uint8Array(100);
      const close = serve((fd, reactor) => {
        const onReady = (readiness: Readiness, client: Registration<Uint8Array>): void => {
          if ((readiness & Readiness.Readable) !== 0) {
            const isOpen = readAll(fd, bytes, () => {
              client.data = Buffer.from(TEN_KB);
            });
            if (!isOpen) client.close();
          }
          if (client.isClosed) return;
          const { interest } = client;
          flush(client);
          if (!isRight && !client.isClosed) client.setInterest(interest);
        };
        const data = new Uint8Array(0);
        reactor.register<Uint8Array>(fd, Interest.Readable, { onReady }, { data });
      });
      const client = await sim.connect(PORT);
      client.write('go');
      await sim.settle();
      expectEqual(client.received.length, TEN_KB.length);
      close();
    },
  },
];

function readOnce(fd: number, into: Uint8Array, onBytes: (count: number) => void): boolean {
  const count = sys.recv(fd, into);
  if (count > 0) onBytes(count);
  return count > 0 || count === sys.WOULD_BLOCK;
}

/** Tries again where there is no descriptor left. */
function opened(open: () => number): number {
  for (;;) {
    try {
      return open();
    } catch {
      // The next one may get one.
    }
  }
}
