// Mistakes of servers on connections, with handlers and awaited.
import { type Connection, defaultReactor, listen } from '../../../src/index.ts';
import { connect, listen as listenAwaited } from '../../../src/promises/index.ts';
import { expectEqual, type Mistake, PORT } from './mistake.ts';

const CUT = { faults: { cut: 0.1, delayMs: 5 } } as const;
const BIG = 'x'.repeat(100_000);

export const LAYERS: readonly Mistake[] = [
  {
    name: 'one chunk is taken for one line',
    options: CUT,
    async run(sim, isRight) {
      listen<string>({
        port: PORT,
        createData: () => '',
        handlers: {
          data(connection, bytes) {
            const text = (isRight ? (connection.data ?? '') : '') + bytes.toString();
            const end = text.lastIndexOf('\n') + 1;
            if (end > 0 || !isRight)
              connection.write(text.slice(0, isRight ? end : undefined).toUpperCase());
            connection.data = text.slice(end);
            if (!isRight) connection.write('\n');
          },
        },
      });
      const client = await sim.connect(PORT);
      client.write('hello\n');
      expectEqual(await client.line(), 'HELLO');
    },
  },
  {
    name: 'a character is decoded though it is cut in two',
    options: CUT,
    async run(sim, isRight) {
      let text = '';
      const decoder = new TextDecoder();
      listen({
        port: PORT,
        handlers: {
          data(_, bytes) {
            text += isRight ? decoder.decode(bytes, { stream: true }) : bytes.toString();
          },
        },
      });
      const client = await sim.connect(PORT);
      client.write('grüße');
      await sim.settle();
      expectEqual(text, 'grüße');
    },
  },
  {
    name: 'the header of a message is read though it has not come whole',
    options: CUT,
    async run(sim, isRight) {
      let messages = 0;
      listen<Buffer>({
        port: PORT,
        createData: () => Buffer.alloc(0),
        handlers: {
          data(connection, bytes) {
            let rest = Buffer.concat([connection.data as Buffer, bytes]);
            while (rest.length >= (isRight ? 4 : 1)) {
              const length = rest.readUInt32BE(0);
              if (rest.length < 4 + length) break;
              messages++;
              rest = rest.subarray(4 + length);
            }
            connection.data = rest;
          },
        },
      });
      const client = await sim.connect(PORT);
      client.write(Uint8Array.of(0, 0, 0, 3, 1, 2, 3));
      await sim.settle();
      expectEqual(messages, 1);
    },
  },
  {
    name: 'the memory of a chunk is kept beyond its call',
    options: CUT,
    async run(sim, isRight) {
      const chunks: Buffer[] = [];
      listen({
        port: PORT,
        handlers: { data: (_, bytes) => void chunks.push(isRight ? Buffer.from(bytes) : bytes) },
      });
      const client = await sim.connect(PORT);
      client.write('hello world');
      await sim.settle();
      expectEqual(Buffer.concat(chunks).toString(), 'hello world');
    },
  },
  {
    name: 'a connection is destroyed at its end, with bytes left to send',
    options: { buffers: { send: 4096, receive: 4096 } },
    async run(sim, isRight) {
      listen({
        port: PORT,
        handlers: {
          data: (connection) => void connection.write(BIG),
          end: (connection) => (isRight ? connection.end() : connection.destroy()),
        },
      });
      const client = await sim.connect(PORT);
      client.end('go');
      expectEqual((await client.bytes()).length, BIG.length);
    },
  },
  {
    name: 'a paused connection is not resumed when there is room again',
    options: { buffers: { send: 4096, receive: 4096 } },
    async run(sim, isRight) {
      listen({
        port: PORT,
        handlers: {
          data(connection, bytes) {
            if (!connection.write(Buffer.from(bytes))) connection.pause();
          },
          drain(connection) {
            if (isRight) connection.resume();
          },
          end: (connection) => connection.end(),
        },
      });
      const client = await sim.connect(PORT);
      client.pause().end(BIG);
      await sim.elapse('1s');
      client.resume();
      expectEqual((await client.bytes()).length, BIG.length);
    },
  },
  {
    name: 'a client that has gone stays in the list of those that are written to',
    options: { faults: { delayMs: 5 } },
    async run(sim, isRight) {
      const clients = new Set<Connection>();
      let failures = 0;
      listen({
        port: PORT,
        handlers: {
          open: (connection) => void clients.add(connection),
          data(_, bytes) {
            for (const other of clients) {
              if (other.isClosed) failures++;
              else other.write(Buffer.from(bytes));
            }
          },
          end: (connection) => connection.end(),
          close(connection) {
            if (isRight) clients.delete(connection);
          },
        },
      });
      const [leaver, stayer] = await Promise.all([sim.connect(PORT), sim.connect(PORT)]);
      leaver.end();
      await sim.settle();
      stayer.write('anyone?');
      await sim.settle();
      expectEqual(failures, 0);
    },
  },
  {
    name: 'the clock of an idle client is not set back by what it sends',
    async run(sim, isRight) {
      listen<{ clear(): void }>({
        port: PORT,
        handlers: {
          open: (connection) => restart(connection),
          data(connection, bytes) {
            if (isRight) restart(connection);
            connection.write(Buffer.from(bytes));
          },
          close: (connection) => connection.data?.clear(),
        },
      });
      const client = await sim.connect(PORT);
      for (let count = 0; count < 5; count++) {
        await sim.elapse('8s');
        client.write('.');
      }
      await sim.elapse('1s');
      expectEqual(client.received.length, 5);
    },
  },
  {
    name: 'answers go out in the order in which they were found',
    options: { faults: { delayMs: 20 } },
    async run(sim, isRight) {
      sim.listen('db:5432', (peer) => {
        peer.line().then((line) => peer.end(`${line}!`));
      });
      listen<Promise<unknown>>({
        port: PORT,
        createData: () => Promise.resolve(),
        handlers: {
          data(connection, bytes) {
            for (const line of bytes.toString().trim().split('\n')) {
              const before = isRight ? connection.data : undefined;
              const answers = Promise.all([ask(line), before]);
              connection.data = answers.then(([answer]) => connection.write(`${answer}\n`));
            }
          },
          end: (connection) => connection.end(),
        },
      });
      const client = await sim.connect(PORT);
      client.write('a\nb\n');
      await client.read('a!\nb!\n'.length);
      expectEqual(client.received.toString(), 'a!\nb!\n');
    },
  },
  {
    name: 'an error of one client ends the server',
    options: { faults: { delayMs: 5 } },
    async run(sim, isRight) {
      const listener = listenAwaited({ port: PORT });
      const served: Promise<void>[] = [];
      let hasStopped = false;
      const accepting = (async () => {
        for await (const connection of listener) {
          if (hasStopped) {
            connection.destroy();
            break;
          }
          const serving = (async () => {
            for await (const bytes of connection) await connection.write(bytes);
            await connection.end();
          })();
          served.push(
            serving.catch(() => {
              connection.destroy();
              if (!isRight) hasStopped = true;
            }),
          );
        }
      })();
      (await sim.connect(PORT)).reset();
      await sim.settle();
      const client = await sim.connect(PORT);
      client.write('still there?\n');
      await sim.settle();
      if (hasStopped) listener.close();
      expectEqual(client.received.toString(), 'still there?\n');
      listener.close();
      await accepting;
      client.end();
      await Promise.all(served);
    },
  },
];

function restart(connection: Connection<{ clear(): void }>): void {
  connection.data?.clear();
  const timer = defaultReactor().setTimeout(() => connection.destroy(), 10_000);
  connection.data = { clear: () => timer.clear() };
}

async function ask(line: string): Promise<string> {
  const connection = await connect({ host: 'db', port: 5432 });
  await connection.end(`${line}\n`);
  let answer = '';
  for await (const bytes of connection) answer += bytes.toString();
  return answer;
}
